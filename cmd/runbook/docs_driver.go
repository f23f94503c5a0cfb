package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/script"
)

// driverTopic is the topic of `docs` for who has devices; with a name after a dot, one driver.
const driverTopic = "driver"

const driverIntroduction = `driver: how the tool of a vendor is called, and what is made of what it prints

A folder with a Lua script of its name: lightmatter-envise/lightmatter-envise.lua, in the folder devices of a project, of a user or of the
system. One that is there replaces the shipped one of its name; what that has beside it (simulated.yaml, for scenarios) is still used. The
site file says which devices there are:

  devices:
    envise-1:
      driver: lightmatter-envise
      on: rack-1                  # a host of the site, on which the tool is; this machine if not given
      address: 10.0.0.7           # for ping
      log: /var/log/photon-mlir/device-envise-1.log
      vendor: {name: Lightmatter, contact: support@lightmatter.example}
      called: "7"                 # by the tool, if that is not its name here
      with: {slot: "3"}           # what a driver has as placeholders of its own

simulated.yaml says how the tools answer in a scenario: Go templates over what a device is; see those of the shipped drivers.

To change one, copy it, put what your tool prints beside it, and see what it makes of that, without running the tool:

  mkdir -p devices/photon-debug/transcripts
  runbook show driver.photon-debug --source > devices/photon-debug/photon-debug.lua
  runbook show driver.photon-debug --source=transcripts/list.yaml > devices/photon-debug/transcripts/list.yaml
  runbook test devices/photon-debug

A transcript (transcripts/NAME.yaml) has purpose, id (of the device that was asked about; none for all), argv, exit_code, stdout and stderr.
NAME.json beside it is what the driver is to make of it. Without one, all that was printed has to be understood.

A new one is as short as this, in devices/orca/orca.lua. The shipped ones do not tell starts, because no tool of theirs was seen to print such
a thing; where yours does, add it to a copy. Then a reset whose answer nobody saw, because the run was killed, is settled by itself. Without
it a person is asked. How long a device has been up is no such thing: that is another at each look.

`

// orcaDriver is a driver that the introduction shows, and orcaTranscript what its tool prints. A test holds one to the other.
const (
	orcaDriver = `--- Orca cards, by orcactl.
local parse = require "parse"

local states = { RUNNING = "online", LIMITED = "degraded", DOWN = "offline", BOOTING = "resetting" }

local function status(said)
  local blocks, unread = parse.blocks(said.text)
  local card = blocks[1]
  if not card.State then return { unread = parse.lines(said.text) } end
  return {
    devices = {
      {
        state  = states[card.State] or "unknown",
        said   = card.State,
        serial = card.Serial,
        starts = card["Boot count"],
        fields = { temperature_celsius = parse.number(card.Temperature) },
      },
    },
    unread = unread,
  }
end

return driver {
  summary = "Orca cards, by orcactl: status and reset",
  formats = "Written after what orcactl 2.1 printed on rack-1 (transcripts/).",
  commands = {
    status = { argv = { "orcactl", "show", "{id}" }, reads = true, timeout = "10s", parse = status },
    reset  = { argv = { "orcactl", "reset", "{id}" }, risk = "disruptive", expects = "online", within = "2m", refuses = { not_found = 3 } },
  },
}
`
	orcaTranscript = `purpose: status
id: orca-1
argv: [orcactl, show, orca-1]
exit_code: 0
stdout: |
  Serial: OR-0117
  State: RUNNING
  Temperature: 41.5 C
  Boot count: 12
`
)

// isDriverTopic tells whether the drivers, or one of them, are meant.
func isDriverTopic(name string) bool {
	return name == driverTopic || strings.HasPrefix(name, driverTopic+".")
}

// writeDriverDocs explains drivers and lists those that there are, or shows one.
func writeDriverDocs(ctx context.Context, w *strings.Builder, topic string) error {
	if _, name, one := strings.Cut(topic, "."); one {
		return writeDriver(ctx, w, name)
	}
	fmt.Fprint(w, driverIntroduction)
	fmt.Fprint(w, indented(orcaDriver), "\nand what its tool prints, in devices/orca/transcripts/status.yaml:\n\n", indented(orcaTranscript), "\n")
	m := script.DriverLanguage()
	for i := range m.Funcs {
		f := &m.Funcs[i]
		fmt.Fprintf(w, "%s: %s\n", f.Name, f.Doc)
		for j := range f.Params[0].Fields {
			writeParam(w, "  ", &f.Params[0].Fields[j])
		}
		fmt.Fprintln(w)
	}
	shelf := driverShelves()
	names, err := shelf.Names()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "Drivers (runbook docs driver.NAME shows one)")
	for _, name := range names {
		d, err := shelf.Load(ctx, name)
		if err != nil {
			fmt.Fprintf(w, "  %-24s %v\n", name, err)
			continue
		}
		fmt.Fprintf(w, "  %-24s %s\n", name, d.About().Summary)
	}
	return nil
}

// indented is a text with each of its lines moved to the right.
func indented(text string) string {
	return regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(text, "  $1")
}

// writeDriver shows the commands of a driver.
func writeDriver(ctx context.Context, w *strings.Builder, name string) error {
	d, err := driverShelves().Load(ctx, name)
	if err != nil {
		return err
	}
	about := d.About()
	fmt.Fprintf(w, "%s: %s\n", about.Name, about.Summary)
	for _, text := range []string{about.Title + ".\n" + about.Description, about.Formats, "Script: " + about.Path} {
		fmt.Fprint(w, folded("", text))
	}
	for _, p := range about.Placeholders {
		fmt.Fprintf(w, "\n{%s}  %s\n", p.Name, p.Help)
	}
	for i := range about.Commands {
		writeCommand(w, about, &about.Commands[i])
	}
	return nil
}

func writeCommand(w *strings.Builder, about *driver.About, c *driver.Command) {
	effect := "read"
	if c.Purpose.Changes() {
		effect = "action, " + c.Risk.String()
	}
	fmt.Fprintf(w, "\n%s (%s)\n  %s\n  at most %s\n", c.Purpose, effect, command.Line(c.Argv), c.Timeout)
	if c.Expects != "" {
		fmt.Fprintf(w, "  expected then: %s%s\n", c.Expects, within(c))
	}
	if c.Begins > 0 {
		fmt.Fprintf(w, "  seen to have begun: within %s\n", c.Begins)
	}
	for _, list := range []struct {
		name   string
		states []driver.State
	}{{"nothing to do if", c.Unless}, {"only if", c.Needs}} {
		if len(list.states) > 0 {
			fmt.Fprintf(w, "  %s: %s\n", list.name, joined(list.states))
		}
	}
	for code := range 256 {
		if meaning, known := c.Refuses[code]; known {
			fmt.Fprintf(w, "  exit code %d: %s%s\n", code, meaning, retried(meaning))
		}
	}
	if c.From != about.Name {
		fmt.Fprintf(w, "  of the driver %s\n", c.From)
	}
}

func within(c *driver.Command) string {
	if c.Within == 0 {
		return ""
	}
	return fmt.Sprintf(" within %s", c.Within)
}

func retried(meaning action.Code) string {
	if meaning == action.CodeThrottled {
		return ", tried again"
	}
	return ""
}

func joined(states []driver.State) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
