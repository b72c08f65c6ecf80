// Formats numbers, times and durations for people.
import { lookup } from "./lookup";

const NUMBER = new Intl.NumberFormat("en");
const LOCAL = new Intl.DateTimeFormat("en", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

export const count = (n: number): string => NUMBER.format(n);

/** Returns `1 instance`, `2 instances`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/**
 * Starts a sentence with a capital letter, unless its first word is a name or an id: `orgpatch cannot see it`,
 * `vpc-1 has none`, `ssm:ListCommands is missing`.
 */
export const sentenceCase = (text: string): string =>
  /^(?!orgpatch\b)[a-z]+(?!\w|[-:/=.]\S)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;

/** Returns a share in percent. Only exact values become 0% and 100%; others are never rounded to them. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  const exact = (100 * part) / whole;
  if (exact > 0 && exact < 0.1) return "<0.1%";
  if (exact > 99.9 && exact < 100) return ">99.9%";
  return `${Number(exact.toFixed(exact < 10 || exact > 90 ? 1 : 0))}%`;
}

/** Returns a time as `2026-11-10 00:00 UTC`. */
export function utc(time: string | number): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? String(time) : `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Returns a time in the reader's time zone. */
export function local(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : LOCAL.format(at);
}

/** Returns a duration as `3 h 44 min`. */
export function duration(from: string | number, to: string | number): string {
  const seconds = Math.round((new Date(to).getTime() - new Date(from).getTime()) / 1000);
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 60) return `${seconds} s`;
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor((seconds % 86400) / 3600),
    Math.floor((seconds % 3600) / 60),
  ];
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return `${minutes} min`;
}

const OS_NAMES: Record<string, string> = {
  AMAZON_LINUX: "Amazon Linux",
  AMAZON_LINUX_2: "Amazon Linux 2",
  AMAZON_LINUX_2022: "Amazon Linux 2022",
  AMAZON_LINUX_2023: "Amazon Linux 2023",
  ALMA_LINUX: "AlmaLinux",
  CENTOS: "CentOS",
  DEBIAN: "Debian",
  MACOS: "macOS",
  ORACLE_LINUX: "Oracle Linux",
  RASPBIAN: "Raspberry Pi OS",
  REDHAT_ENTERPRISE_LINUX: "Red Hat Enterprise Linux",
  ROCKY_LINUX: "Rocky Linux",
  SUSE: "SUSE Linux",
  UBUNTU: "Ubuntu",
  WINDOWS: "Windows",
};

/** Returns the name of an operating system as its vendor writes it. */
export const osName = (os: string | null | undefined): string => (os ? (lookup(OS_NAMES, os) ?? os) : "Unknown");
