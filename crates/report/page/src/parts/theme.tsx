// The colour theme: system, light or dark.
import { Monitor, Moon, Sun } from "lucide-preact";
import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

const THEMES = [
  { name: "system", label: "System", Icon: Monitor },
  { name: "light", label: "Light", Icon: Sun },
  { name: "dark", label: "Dark", Icon: Moon },
] as const;
type Theme = (typeof THEMES)[number]["name"];
const KEY = "orgpatch-theme";

/** Returns the stored theme. A browser may forbid storage for pages from disk; the theme then lasts until reload. */
function stored(): Theme {
  try {
    return THEMES.find(({ name }) => name === localStorage.getItem(KEY))?.name ?? "system";
  } catch {
    return "system";
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The theme lasts until reload.
  }
}

export function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useState<Theme>(stored);
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
    store(theme);
  }, [theme]);
  return (
    <fieldset class="theme">
      <legend class="hidden">Colours</legend>
      {THEMES.map(({ name, label, Icon }) => (
        <label key={name} title={label}>
          <input type="radio" name="theme" value={name} checked={theme === name} onChange={() => setTheme(name)} />
          <Icon size={15} aria-hidden="true" />
          <span class="hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
