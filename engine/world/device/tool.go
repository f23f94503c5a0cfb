package device

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"

	"runbook/engine/driver"
	"runbook/engine/world/scenario"
)

// nonsense is what a tool prints when a device answers with noise: control characters, a terminal's escape, and no word that it knows.
const nonsense = "\x00\uFFFD~%x\x1b[2J lane=\uFFFD( temp=NaN 4..12 }{ \x7f\r\n"

// usage is the exit code of a program that does not know its arguments.
const usage = 2

// A toolCommand is one command on a machine, and for which of its devices.
type toolCommand struct {
	scenario.ToolCommand
	of string // the driver
}

// commandsOn are the commands of the tools on a machine: of the drivers of the devices there, and of those that they are based on.
func (r *Rack) commandsOn(host string) []toolCommand {
	drivers := map[string]bool{}
	for _, d := range r.devices {
		for name := d.Driver; d.On == host && name != ""; name = r.scenario.Tools[name].Base {
			drivers[name] = true
		}
	}
	var out []toolCommand
	for _, name := range slices.Sorted(maps.Keys(drivers)) {
		for _, c := range r.scenario.Tools[name].Commands {
			out = append(out, toolCommand{c, name})
		}
	}
	return out
}

// answer is what a tool prints. Hung says that it does not end.
func (r *Rack) answer(host string, argv []string) (said scenario.Says, hung bool) {
	now := r.clock.Now() // before the lock: by then has happened what was to
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.devices {
		d.settle(now)
	}
	for _, c := range r.commandsOn(host) {
		if id, fits := fit(c.Argv, argv); fits {
			return r.perform(c, r.meant(c, host), id, now)
		}
	}
	return scenario.Says{ExitCode: usage, Stderr: argv[0] + ": its simulated.yaml does not say what this does\n"}, false
}

// fit compares a command with its pattern, and finds the device in it.
func fit(pattern, argv []string) (id string, fits bool) {
	if len(pattern) != len(argv) {
		return "", false
	}
	for i, word := range pattern {
		switch {
		case word == "{id}":
			id = argv[i]
		case word != argv[i]:
			return "", false
		}
	}
	return id, true
}

// meant are the devices that a command can be about.
func (r *Rack) meant(c toolCommand, host string) []*device {
	return slices.DeleteFunc(slices.Clone(r.devices), func(d *device) bool { return d.On != host || !c.All && d.Driver != c.of })
}

// perform does what a command is for, to one device or as a look at all of them.
func (r *Rack) perform(c toolCommand, meant []*device, id string, now time.Time) (said scenario.Says, hung bool) {
	asked := meant
	if slices.Contains(c.Argv, "{id}") {
		one := slices.IndexFunc(meant, func(d *device) bool { return d.Name() == id })
		if one < 0 {
			return r.says(c, unknown, meant, map[string]any{"id": id}), false
		}
		asked = meant[one : one+1]
	}
	garbled, outcome, about := false, done, map[string]any{"id": id}
	for _, d := range asked {
		if d.hangs && !c.Deaf {
			return scenario.Says{}, true
		}
		garbled = garbled || d.garbled && !c.Deaf
		came := d.act(driver.Purpose(c.Does), now)
		if came != done || len(asked) == 1 {
			outcome = came
		}
	}
	if len(asked) == 1 {
		about = asked[0].shown()
	}
	said = r.says(c, outcome, meant, about)
	if garbled {
		said.Stdout = nonsense
	}
	return said, false
}

// says is what a command prints when that comes of it.
func (r *Rack) says(c toolCommand, outcome string, meant []*device, about map[string]any) scenario.Says {
	said, known := c.Says[outcome]
	if !known {
		return scenario.Says{ExitCode: 1, Stderr: fmt.Sprintf("%s: %v: %s\n", c.Argv[0], about["id"], outcome)}
	}
	data := maps.Clone(about)
	var devices []map[string]any
	var ids []string
	counts, unwell := map[string]int{}, 0
	for _, s := range driver.States {
		counts[string(s)] = 0
	}
	for _, d := range meant {
		devices, ids = append(devices, d.shown()), append(ids, d.Name())
		counts[string(d.state)]++
		if d.state != driver.Online {
			unwell++
		}
	}
	data["devices"], data["ids"], data["counts"], data["unwell"] = devices, strings.Join(ids, ", "), counts, unwell
	said.Stdout, said.Stderr = filled(said.Stdout, data, c.Columns), filled(said.Stderr, data, false)
	return said
}

// filled is a template filled in. One that is wrong says so in its place: a person who writes one sees it there.
func filled(text string, data map[string]any, columns bool) string {
	t, err := template.New("").Parse(text)
	if err != nil {
		return err.Error() + "\n"
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return err.Error() + "\n"
	}
	if !columns {
		return b.String()
	}
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	if _, err := w.Write(b.Bytes()); err != nil {
		return err.Error() + "\n"
	}
	if err := w.Flush(); err != nil {
		return err.Error() + "\n"
	}
	return out.String()
}
