import type { HostFacts } from '../../host/facts.ts';
import type { NotKnown, Observation } from '../check.ts';
import { aboutHost, CONFIG_NOT_KNOWN, type HostCheck, type HostCheckFacts } from './facts.ts';

/** Options without which a path to a device does not exist (drivers/vfio/Kconfig, drivers/iommu/iommufd/Kconfig). */
const GROUP_PATH = ['VFIO', 'VFIO_GROUP', 'VFIO_CONTAINER', 'VFIO_IOMMU_TYPE1'];
const CDEV_PATH = ['VFIO', 'VFIO_DEVICE_CDEV', 'IOMMUFD'];

export const kernelVfioConfig: HostCheck = {
  id: 'kernel.vfio-config',
  severity: 'fail',
  title: 'The kernel gives devices to user space, by group and by cdev',
  looksAt: 'CONFIG_VFIO*, CONFIG_IOMMUFD, and /sys/class/misc where the options are not known',
  reference: 'Documentation/driver-api/vfio.rst; drivers/vfio/Kconfig',
  observe(facts) {
    const { config } = facts.host.kernel;
    return config ? fromConfig(config, facts.host) : fromNodes(facts);
  },
};

function fromConfig(config: ReadonlyMap<string, string>, { kernel }: HostFacts): Observation[] {
  const missing = (options: readonly string[]) => options.filter((option) => !config.has(option));
  const cdev = missing(CDEV_PATH);
  if (cdev.length === 0) return [];
  // iommufd can play the container's part.
  const group = missing(config.has('IOMMUFD_VFIO_CONTAINER') ? GROUP_PATH.slice(0, 2) : GROUP_PATH);
  const list = (options: readonly string[]) => options.map((option) => `CONFIG_${option}`).join(', ');
  if (group.length > 0) {
    return aboutHost(
      `Linux ${kernel.release} has no path to a device: groups lack ${list(group)}; cdevs lack ${list(cdev)}`,
      'boot a kernel that has them: those of Debian and Ubuntu have the groups',
    );
  }
  const [observation] = aboutHost(
    `Linux ${kernel.release} has no cdev path (${list(cdev)}): guests get their GPUs by group and container`,
    'nothing, as long as neither iommufd nor an accelerated SMMU is wanted',
  );
  return observation ? [{ ...observation, severity: 'warn' }] : [];
}

/** What is loaded is there; what is not loaded may yet be. */
function fromNodes({ settings: { vfio } }: HostCheckFacts): Observation[] | NotKnown {
  return vfio.nodes?.container && vfio.nodes.iommufd ? [] : CONFIG_NOT_KNOWN;
}
