import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { HELP_TOPICS } from '../ui/help-topics.ts';
import { Args } from '../ui/oclif.ts';

/** Each in a module of its own: one is wanted. */
const SHELLS = {
  bash: async () => (await import('../ui/completion/bash.ts')).bashCompletion,
  zsh: async () => (await import('../ui/completion/zsh.ts')).zshCompletion,
  fish: async () => (await import('../ui/completion/fish.ts')).fishCompletion,
} as const;

export default class Completion extends GhpassCommand {
  static override summary = 'Print what makes a shell complete commands, flags, GPUs and guests.';
  static override description = [
    'The script knows the commands of this version. GPUs and guests it finds by itself, when they are asked for; it starts no',
    'program for that.',
  ].join(' ');
  static override examples = [
    'source <(ghpass completion bash)   # in ~/.bashrc',
    'source <(ghpass completion zsh)    # in ~/.zshrc, behind compinit',
    'ghpass completion fish > ~/.config/fish/completions/ghpass.fish',
  ];
  static override args = {
    shell: Args.string({ required: true, options: Object.keys(SHELLS), description: 'the shell' }),
  };

  async run(): Promise<Envelope> {
    const { args } = await this.parse(Completion);
    const { completedCommands } = await import('../ui/completion/model.ts');
    const { ALL_CHECKS } = await import('../checks/all.ts');
    const { BUILTIN_HOSTS } = await import('../host/builtin/index.ts');
    const commands = completedCommands(this.config.commands, {
      hosts: ['local', ...Object.keys(BUILTIN_HOSTS).map((name) => `builtin:${name}`)],
      checks: ALL_CHECKS.map(({ id }) => id),
      topics: Object.keys(HELP_TOPICS),
    });
    const write = await SHELLS[args.shell as keyof typeof SHELLS]();
    const script = write(commands).trimEnd();
    return this.conclude({ result: { script }, findings: [], text: script }, false);
  }
}
