package device

import (
	"slices"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// idParam names a device.
var idParam = module.Param{Name: "id", Kind: module.String, Required: true, Doc: "of the device, as the inventory in the site file has it"}

// A unit is a device of the inventory, and the machine on which its tool is.
type unit struct {
	b *binding
	driver.Device
	runner command.Runner
}

// unit finds a device.
func (b *binding) unit(args module.Args) (*unit, error) {
	id := args.String(idParam.Name)
	ids := make([]string, len(b.Inventory))
	for i := range b.Inventory {
		if ids[i] = b.Inventory[i].ID; ids[i] == id {
			return b.unitOf(b.Inventory[i])
		}
	}
	return nil, action.Errorf(action.CodeInvalid, "the site has no device %q%s", id, module.Suggest(id, ids)).
		Try("name it in the section devices of the site file, with its driver and the host on which the tool is")
}

func (b *binding) unitOf(d driver.Device) (*unit, error) {
	runner, err := b.Machines.On(d.On)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the device %s: %w", d.ID, err).On(targetOf(d))
	}
	return &unit{b, d, runner}, nil
}

func targetOf(d driver.Device) action.Target {
	return action.Target{System: system, Kind: devices, Scope: d.On, Name: d.ID}
}

func (u *unit) target() action.Target { return targetOf(u.Device) }

// A call is a command for a device, as its driver has it.
type call struct {
	*unit
	driver  driver.Driver
	command driver.Command
	argv    []string
}

// about is what the tool is asked about: nothing in particular, if its command says no device. Then it tells everybody the same.
func (c *call) about() string {
	if len(driver.PlaceholdersIn(c.command.Argv)) == 0 {
		return ""
	}
	return c.Name()
}

// call is the command that the device's driver has for a purpose. more are the placeholders that only this call has.
func (u *unit) call(p driver.Purpose, more map[string]string) (*call, error) {
	d, err := u.b.Driver(u.Driver)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the device %s: %w", u.ID, err).On(u.target())
	}
	c := commandFor(d.About(), p)
	if c == nil {
		return nil, action.Errorf(action.CodeInvalid, "the driver %s of the device %s has no command to %s it", u.Driver, u.ID, verbs[p]).
			On(u.target()).Try("add the command %s to %s, or name another driver in the site file", p, d.About().Path)
	}
	argv, err := filled(&u.Device, d.About(), c, more)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot %s the device %s: %w", verbs[p], u.ID, err).On(u.target()).
			Try("the inventory in the site file says it")
	}
	return &call{u, d, *c, argv}, nil
}

// call is the command for a purpose of the device that the arguments name.
func (b *binding) call(args module.Args, p driver.Purpose) (*call, error) {
	u, err := b.unit(args)
	if err != nil {
		return nil, err
	}
	return u.call(p, nil)
}

// sameAs is another device of the inventory for which the command would be the very same: whichever of them is meant, it is done to one.
func (c *call) sameAs() string {
	for i := range c.b.Inventory {
		d := &c.b.Inventory[i]
		if d.ID == c.ID || d.Driver != c.Driver || d.On != c.On {
			continue
		}
		if argv, err := filled(d, c.driver.About(), &c.command, nil); err == nil && slices.Equal(argv, c.argv) {
			return d.ID
		}
	}
	return ""
}

// verbs say what is attempted.
var verbs = map[driver.Purpose]string{
	driver.List: "list", driver.Status: "look at", driver.Reconnect: "reconnect", driver.Reset: "reset", driver.Calibrate: "calibrate",
	driver.Verify: "verify the calibration of", driver.Diagnose: "diagnose", driver.Logs: "read the log of",
}

// tail is the command for the logs of a driver that does not say it.
var tail = driver.Command{
	Purpose: driver.Logs, Argv: []string{"tail", "-n", "{lines}", "{log}"}, Timeout: logsTimeout, Answers: []int{0},
}

// commandFor is what a driver has for a purpose, or what does instead.
func commandFor(about *driver.About, p driver.Purpose) *driver.Command {
	c := about.Command(p)
	switch {
	case c == nil && p == driver.Status:
		return about.Command(driver.List)
	case c == nil && p == driver.List:
		return about.Command(driver.Status)
	case c == nil && p == driver.Logs:
		return &tail
	}
	return c
}

func filled(d *driver.Device, about *driver.About, c *driver.Command, more map[string]string) ([]string, error) {
	values, err := d.Values(about)
	if err != nil {
		return nil, err
	}
	for name, value := range more {
		values[name] = value
	}
	return c.Fill(values)
}
