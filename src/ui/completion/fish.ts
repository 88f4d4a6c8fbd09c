import { GUEST_DIRECTORIES } from './machine.ts';
import type { CompletedCommand, CompletedFlag, Words } from './model.ts';

/** A script for fish 3 or newer. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  return `# Completion of ghpass in fish: ghpass completion fish | source
function __ghpass_words
    set -l words (commandline -opc)
    for word in $words[2..]
        string match -q -- '-*' $word; or echo $word
    end
end
function __ghpass_no_command
    test (count (__ghpass_words)) -eq 0
end
function __ghpass_in
    set -l words (__ghpass_words)
    test "$words[1]" = $argv[1]
end
function __ghpass_gpus
    for device in /sys/bus/pci/devices/*
        test -r $device/vendor -a -r $device/class; or continue
        read -l vendor <$device/vendor
        read -l class <$device/class
        test "$vendor" = 0x10de; and string match -q '0x03*' $class; and string replace -r '.*/' '' $device
    end
end
function __ghpass_guests
    for root in ${GUEST_DIRECTORIES.map((directory) => `"${directory}"`).join(' ')}
        for file in $root/*/plan.json $root/*/guest.json
            string replace -r '.*/([^/]+)/[^/]+$' '$1' $file
        end
    end
end
complete -c ghpass -f
complete -c ghpass -n __ghpass_no_command -l version -d 'tell the version'
complete -c ghpass -l help -d explain
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ id, summary, flags, words, rest }: CompletedCommand): string[] {
  const all = [...words, rest].flatMap((one) => wordsOf(one) ?? []);
  return [
    `complete -c ghpass -n __ghpass_no_command -a ${id} -d ${quoted(summary)}`,
    ...flags.map((flag) => `complete -c ghpass -n '__ghpass_in ${id}' ${flagOptions(flag)}`),
    ...all.map((one) => `complete -c ghpass -n '__ghpass_in ${id}' -a ${quoted(one)}`),
  ];
}

function flagOptions({ name, char, description, value }: CompletedFlag): string {
  return [`-l ${name}`, char === null ? null : `-s ${char}`, value && valueOptions(value), `-d ${quoted(description)}`]
    .filter(Boolean)
    .join(' ');
}

function valueOptions(value: Words): string {
  const words = wordsOf(value);
  const files = value.kind === 'files' || value.kind === 'words-or-files' ? '-F' : '-f';
  return `-r ${files}${words === null ? '' : ` -a ${quoted(words)}`}`;
}

/** What fish evaluates to words. */
function wordsOf(value: Words): string | null {
  switch (value.kind) {
    case 'gpus':
      return '(__ghpass_gpus)';
    case 'guests':
      return '(__ghpass_guests)';
    case 'list':
      return `(__fish_complete_list , "printf '%s\\n' ${value.words.join(' ')}")`;
    case 'words':
    case 'words-or-files':
      return value.words.join(' ');
    default:
      return null;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
