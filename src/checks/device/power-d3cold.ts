import { about, type DeviceCheck } from './facts.ts';

export const powerD3cold: DeviceCheck = {
  id: 'power.d3cold',
  severity: 'warn',
  title: 'The device has power',
  looksAt: 'power_state and d3cold_allowed',
  reference: 'Documentation/power/pci.rst; kata-containers/kata-containers#11708',
  observe(facts) {
    const { address, state } = facts.gpu.pci;
    if (state.power === null || state.power === 'unknown') return { notKnown: 'the power state is not known' };
    if (state.power !== 'D3cold') return [];
    const allowed = state.d3coldAllowed === null ? 'not known' : state.d3coldAllowed ? '1' : '0';
    return about(
      facts,
      `power_state is D3cold (d3cold_allowed ${allowed}): the device is off, and boards are known on which it does not come back`,
      `echo 0 > /sys/bus/pci/devices/${address}/d3cold_allowed`,
      `echo on > /sys/bus/pci/devices/${address}/power/control`,
    );
  },
};
