import { type MimePart, multipart } from './mime.ts';

/** What a guest is told by cloud-init at its first boot. */
export interface SeedRequest {
  hostname: string;
  /** Public keys, one each, of those who may log in as the image's own user. */
  publicKeys: readonly string[];
  /** The user's own, in any of the formats of cloud-init. */
  userData: Uint8Array | null;
  /** The user's own, in a format of cloud-init. */
  networkConfig: Uint8Array | null;
  /** What every guest gets: `templates/cloud-init/user-data`, or what users have put in its place. */
  template: Uint8Array;
  /** Script that installs what reports to `ghpass verify`. */
  report: Uint8Array;
}

/** The files of a NoCloud seed, by name (cloud-init, sources/DataSourceNoCloud.py). */
export type SeedFiles = Readonly<Record<string, Uint8Array>>;

/**
 * How what ghpass adds is merged into what the user says: lists are continued, and of two values the first one stays. Parts
 * are merged in their order, and each says by this header how it goes into what is there; a part without one would replace it
 * (cloud-init 22.4, handlers/cloud_config.py and mergers/m_dict.py). So the user's parts come first, and stay as they are.
 */
const MERGE_TYPE = 'list(append)+dict(no_replace,recurse_list)+str()';
const GZIP = Buffer.from([0x1f, 0x8b]);
/** A document that is multi-part already has headers, and each of its parts is merged as it says. */
const HAS_HEADERS = /^(?:content-type|mime-version)[ \t]*:/i;

/**
 * What a seed is made of. Host name and keys are data of the instance, as a cloud would give them: what a user's own user-data
 * says about the same goes before it. They are written as JSON, which YAML is a superset of, so that no text can
 * become structure.
 * @param instanceId another one for each guest that is created: cloud-init does its work once for each.
 */
export function seedFiles(request: SeedRequest, instanceId: string): SeedFiles {
  const { hostname, publicKeys, networkConfig } = request;
  const metaData = { 'instance-id': instanceId, 'local-hostname': hostname, 'public-keys': publicKeys };
  return {
    'meta-data': text(`${JSON.stringify(metaData, null, 2)}\n`),
    'user-data': text(multipart(seedParts(request))),
    ...(networkConfig && { 'network-config': networkConfig }),
  };
}

/** The parts of the user-data, the user's own before what every guest gets. */
function seedParts({ userData, template, report }: SeedRequest): MimePart[] {
  return [
    ...(userData ? [partOf(userData, 'user-data', {})] : []),
    partOf(template, 'ghpass', { 'Merge-Type': MERGE_TYPE }),
    partOf(report, 'ghpass-report', {}),
  ];
}

/** cloud-init looks itself what a part of plain text is, by its first line. */
function partOf(content: Uint8Array, name: string, headers: Record<string, string>): MimePart {
  const asText = Buffer.from(content).toString('latin1');
  if (HAS_HEADERS.test(asText)) return Buffer.from(content).toString();
  const type = Buffer.from(content).subarray(0, 2).equals(GZIP) ? 'application/gzip' : 'text/plain; charset="utf-8"';
  return {
    headers: { 'Content-Type': type, 'Content-Disposition': `attachment; filename="${name}"`, ...headers },
    content,
  };
}

function text(content: string): Uint8Array {
  return Buffer.from(content);
}
