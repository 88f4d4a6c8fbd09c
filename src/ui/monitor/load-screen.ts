/** The screen has what draws on terminals, which comes as ES modules only and takes longer to load than all of ghpass. */
export function loadScreen(): Promise<typeof import('./screen.tsx')> {
  return import('./screen.tsx');
}
