import { Help as OclifHelp } from '@oclif/core/help';
import { GhpassError } from '../errors.ts';
import { GhpassCommand } from '../ui/command.ts';
import type { Envelope } from '../ui/envelope.ts';
import { HELP_TOPICS } from '../ui/help-topics.ts';
import { Args } from '../ui/oclif.ts';

/** oclif's help as a text: what it prints, it prints with `log`. */
class HelpText extends OclifHelp {
  private readonly lines: string[] = [];

  async of(argv: string[]): Promise<string> {
    await this.showHelp(argv);
    return this.lines.join('\n').trimEnd();
  }

  protected override log(...args: string[]): void {
    this.lines.push(args.join(' '));
  }
}

export default class Help extends GhpassCommand {
  static override summary = 'Explain a command, or a topic: exit-codes, environment, files.';
  static override examples = ['<%= config.bin %> help probe', '<%= config.bin %> help exit-codes'];
  static override args = { topic: Args.string({ description: 'command or topic' }) };

  async run(): Promise<Envelope> {
    const { args } = await this.parse(Help);
    const text = await this.textOf(args.topic);
    return this.conclude({ result: { text }, findings: [], text }, false);
  }

  private async textOf(topic: string | undefined): Promise<string> {
    if (topic !== undefined && Object.hasOwn(HELP_TOPICS, topic)) return HELP_TOPICS[topic] ?? '';
    if (topic === undefined || this.config.findCommand(topic))
      return new HelpText(this.config).of(topic === undefined ? [] : [topic]);
    throw new GhpassError('usage', {
      code: 'help.unknown-topic',
      message: `there is no command and no topic ${JSON.stringify(topic)}`,
      suggestions: ['ghpass --help', ...Object.keys(HELP_TOPICS).map((name) => `ghpass help ${name}`)],
    });
  }
}
