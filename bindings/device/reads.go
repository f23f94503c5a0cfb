package device

import (
	"runbook/engine/action"
	"runbook/engine/driver"
)

// anyNumber stands in a pattern for how many lines of a log are wanted.
const anyNumber = "*"

// Reads are the commands of the inventory's drivers that only look, by the machine on which they do, filled in for each device: besides
// these words, only the number of lines of a log is free. A driver that cannot be used has none.
func Reads(inventory []driver.Device, load func(string) (driver.Driver, error)) map[string]action.Commands {
	out := map[string]action.Commands{}
	known := map[string]bool{}
	for i := range inventory {
		d, err := load(inventory[i].Driver)
		if err != nil {
			continue // who uses the device is told
		}
		for _, p := range driver.Purposes {
			c := commandFor(d.About(), p)
			if c == nil || p.Changes() {
				continue
			}
			argv, err := pattern(&inventory[i], d.About(), c)
			on := inventory[i].On
			if key := on + "\x00" + action.Text(argv); err == nil && !known[key] {
				known[key] = true
				out[on] = append(out[on], argv)
			}
		}
	}
	return out
}

// pattern is the command for a device as a pattern: what is filled in stands for itself, because values that stand for anything are refused.
func pattern(d *driver.Device, about *driver.About, c *driver.Command) ([]string, error) {
	values, err := d.Values(about)
	if err != nil {
		return nil, err
	}
	return c.Pattern(values, map[string]string{driver.Lines: anyNumber})
}
