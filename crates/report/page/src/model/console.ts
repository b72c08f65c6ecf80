// Links to the AWS console. The page fetches nothing from there.

const HOSTS: [RegExp, string][] = [
  [/^cn-/, "console.amazonaws.cn"],
  [/^us-gov-/, "console.amazonaws-us-gov.com"],
];

/** Returns the address of a Region's console, or null if the text is not a Region code. */
function host(region: string): string | null {
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) return null;
  const domain = HOSTS.find(([pattern]) => pattern.test(region))?.[1] ?? "console.aws.amazon.com";
  return `https://${region}.${domain}`;
}

const page = (region: string, path: string): string | null => {
  const console = host(region);
  return console && `${console}/systems-manager/${path}?region=${region}`;
};

/** Returns the link to an instance in Fleet Manager. */
export const instanceLink = (region: string, id: string): string | null =>
  page(region, `fleet-manager/managed-nodes/${encodeURIComponent(id)}/general`);

/** Returns the link to the output of a command on an instance. */
export const commandLink = (region: string, command: string, id: string): string | null =>
  page(region, `run-command/${encodeURIComponent(command)}/${encodeURIComponent(id)}`);

/** Returns the link to an instance in EC2. */
export function ec2Link(region: string, id: string): string | null {
  const console = host(region);
  return console && `${console}/ec2/home?region=${region}#InstanceDetails:instanceId=${encodeURIComponent(id)}`;
}

/** Returns the link to a patch baseline. */
export const baselineLink = (region: string, id: string): string | null =>
  page(region, `patch-manager/baselines/${encodeURIComponent(id)}/details`);
