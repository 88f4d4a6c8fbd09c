import { GPUS_OF_HOST, GUESTS_OF_HOST } from './machine.ts';
import type { CompletedCommand, Words } from './model.ts';

/** A script for bash 4.3 or newer; the package bash-completion is not needed. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  return `# Completion of ghpass in bash: source <(ghpass completion bash)
${GPUS_OF_HOST}
${GUESTS_OF_HOST}
_ghpass() {
  local line=\${COMP_LINE:0:COMP_POINT} cur= command= flags= kind= words= value prefix= position=0 i
  local -a typed
  read -r -a typed <<<"$line"
  if [[ $line != *[[:space:]] ]]; then
    cur=\${typed[-1]}
    unset 'typed[-1]'
  fi
  for ((i = 1; i < \${#typed[@]}; i++)); do
    if [[ -z $command && \${typed[i]} != -* ]]; then command=\${typed[i]}; fi
  done
  COMPREPLY=()
  if [[ -z $command ]]; then
    words='${['--help', '--version', ...commands.map(({ id }) => id)].join(' ')}'
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  value=$cur
  local before=\${typed[-1]}
  if [[ $cur == --*=* ]]; then
    before=\${cur%%=*} value=\${cur#*=} prefix=$before=
  fi
  _ghpass_flag "$command" "$before" || kind=
  if [[ -z $kind ]]; then
    if [[ $cur == -* ]]; then
      _ghpass_flags "$command"
      COMPREPLY=($(compgen -W "$flags" -- "$cur"))
      return
    fi
    local seen=
    for ((i = 1; i < \${#typed[@]}; i++)); do
      if [[ \${typed[i]} == -* ]]; then
        [[ \${typed[i]} != *=* ]] && _ghpass_flag "$command" "\${typed[i]}" && ((i++))
      elif [[ -n $seen ]]; then
        ((position++))
      else
        seen=1
      fi
    done
    kind= words=
    _ghpass_word "$command" "$position"
  fi
  case $kind in
    gpus) words=$(_ghpass_gpus) ;;
    guests) words=$(_ghpass_guests) ;;
    list) [[ $value == *,* ]] && prefix+=\${value%,*}, value=\${value##*,} ;;
  esac
  local -a found=()
  [[ -n $words ]] && found=($(compgen -W "$words" -- "$value"))
  if [[ $kind == files || $kind == words-or-files ]]; then
    compopt -o filenames
    local file
    while IFS= read -r file; do found+=("$file"); done < <(compgen -f -- "$value")
  fi
  # bash takes what is behind one of its word breaks for the word that is completed.
  local whole=$prefix$value keep=
  [[ $COMP_WORDBREAKS == *:* && $whole == *:* ]] && keep=\${whole%"\${whole##*:}"}
  [[ $COMP_WORDBREAKS == *=* && $whole == *=* && \${#keep} -eq 0 ]] && keep=\${whole%"\${whole##*=}"}
  local one
  for one in "\${found[@]}"; do
    one=$prefix$one
    COMPREPLY+=("\${one#"$keep"}")
  done
}
${flagFunction(commands)}
${flagsFunction(commands)}
${wordFunction(commands)}
complete -F _ghpass ghpass
`;
}

/** What a flag takes, in kind and words; fails for one that takes nothing. */
function flagFunction(commands: readonly CompletedCommand[]): string {
  const cases = commands.flatMap(({ id, flags }) =>
    flags.flatMap(({ name, char, value }) =>
      value === null ? [] : [`    ${patterns(id, name, char)}) ${assign(value)} ;;`],
    ),
  );
  return ['_ghpass_flag() {', '  case "$1 $2" in', ...cases, '    *) return 1 ;;', '  esac', '}'].join('\n');
}

function patterns(id: string, name: string, char: string | null): string {
  return [`'${id} --${name}'`, ...(char === null ? [] : [`'${id} -${char}'`])].join(' | ');
}

function flagsFunction(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ id, flags }) => {
    const names = flags.flatMap(({ name, char }) => [`--${name}`, ...(char === null ? [] : [`-${char}`])]);
    return `    ${id}) flags='${['--help', ...names].join(' ')}' ;;`;
  });
  return ['_ghpass_flags() {', '  case $1 in', ...cases, '  esac', '}'].join('\n');
}

function wordFunction(commands: readonly CompletedCommand[]): string {
  const cases = commands.flatMap(({ id, words, rest }) => [
    ...words.map((word, i) => `    '${id} ${i}') ${assign(word)} ;;`),
    ...(rest.kind === 'none' ? [] : [`    '${id} '*) ${assign(rest)} ;;`]),
  ]);
  return ['_ghpass_word() {', '  case "$1 $2" in', ...cases, '  esac', '}'].join('\n');
}

/** Words are names of ghpass's own, without a character that a shell takes for something else. */
function assign(value: Words): string {
  return `kind=${value.kind}${'words' in value ? ` words='${value.words.join(' ')}'` : ''}`;
}
