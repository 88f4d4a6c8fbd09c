import { GPUS_OF_HOST, GUESTS_OF_HOST } from './machine.ts';
import type { CompletedCommand, CompletedFlag, Words } from './model.ts';

/** A script for zsh: to be sourced behind `compinit`, or as `_ghpass` in a directory of fpath. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ id, summary }) => `    ${quoted(`${id}:${summary.replaceAll(':', '\\:')}`)}`);
  return `#compdef ghpass
# Completion of ghpass in zsh: source <(ghpass completion zsh)
${GPUS_OF_HOST}
${GUESTS_OF_HOST.replace('local root file\n', 'local root file\n  setopt local_options null_glob\n').replaceAll('$(cd "$root" && echo */plan.json */guest.json)', '$(cd "$root" && print -rl -- */plan.json */guest.json)')}
_ghpass_complete_gpus() { compadd -- $(_ghpass_gpus) }
_ghpass_complete_guests() { compadd -- $(_ghpass_guests) }
_ghpass_words_or_files() { compadd -- "$@"; _files }
_ghpass_list() { _sequence compadd - "$@" }
_ghpass() {
  local context state line curcontext=$curcontext
  typeset -A opt_args
  local -a commands=(
${described.join('\n')}
  )
  _arguments -C '(- *)--help[explain]' '(- *)--version[tell the version]' '1:command:->command' '*::word:->word'
  case $state in
    command) _describe -t commands 'command of ghpass' commands ;;
    word)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _ghpass ]; then _ghpass "$@"; else compdef _ghpass ghpass; fi
`;
}

function commandCase({ id, flags, words, rest }: CompletedCommand): string {
  const specs = [
    quoted('(- *)--help[explain]'),
    ...flags.flatMap(flagSpecs),
    ...words.map((word, i) => quoted(`${i + 1}::word:${action(word)}`)),
    ...(rest.kind === 'none' ? [] : [quoted(`*:word:${action(rest)}`)]),
  ];
  return `        ${id}) _arguments ${specs.map((spec) => `\\\n          ${spec}`).join(' ')} ;;`;
}

function flagSpecs({ name, char, description, isMultiple, value }: CompletedFlag): string[] {
  const names = [`--${name}`, ...(char === null ? [] : [`-${char}`])];
  const others = isMultiple ? '*' : `(${names.join(' ')})`;
  const text = description.replaceAll(/[[\]:\\]/g, '\\$&');
  return names.map((spelling) => {
    const joint = value === null ? '' : spelling.startsWith('--') ? '=' : '+';
    return quoted(`${others}${spelling}${joint}[${text}]${value === null ? '' : `:value:${action(value)}`}`);
  });
}

function action(value: Words): string {
  const words = 'words' in value ? value.words.map((word) => word.replaceAll(':', '\\:')).join(' ') : '';
  switch (value.kind) {
    case 'files':
      return '_files';
    case 'gpus':
      return '_ghpass_complete_gpus';
    case 'guests':
      return '_ghpass_complete_guests';
    case 'words':
      return `(${words})`;
    case 'words-or-files':
      return `_ghpass_words_or_files ${words}`;
    case 'list':
      return `_ghpass_list ${words}`;
    default:
      return ' ';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
