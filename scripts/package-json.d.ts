/** What the build knows of the package's own package.json. */
declare module "*/package.json" {
  const packageJson: { version: string };
  export default packageJson;
}
