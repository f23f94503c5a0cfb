package script

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// DriverOptions are what a driver may require. It reaches nothing else: it has text to read, and no world.
type DriverOptions struct {
	Modules   []*module.Module // with pure functions alone
	Libraries fs.FS
	Own       fs.FS // the driver's own folder
	// Time is how long a driver may work on what one command printed, in the time of this machine; 0 for as long as a busy machine needs.
	Time time.Duration
}

// parseTime is more than any text takes that a tool prints of devices, on a machine that has other things to do.
const parseTime = 5 * time.Second

// A luaDriver is a driver that is written in Lua. Each reading has an interpreter of its own: what a driver notes in one is not there in
// the next, so a reading depends on what was printed and on nothing else. It is therefore remembered: a tool that tells of all devices is
// asked about each of many, and says the same.
type luaDriver struct {
	source   Source
	proto    *lua.FunctionProto
	opts     DriverOptions
	about    *driver.About
	readings readings
}

// LoadDriver reads a driver: it runs the script's outermost level, and checks what it says of itself. An error is an *Error, with the line.
func LoadDriver(ctx context.Context, name string, s Source, opts DriverOptions) (driver.Driver, error) {
	opts.Time = cmp.Or(opts.Time, parseTime)
	d := &luaDriver{source: s, opts: opts, readings: newReadings()}
	vm := d.open(ctx)
	defer vm.Close()
	vm.enter(vm.state)
	defer vm.leave()
	fn, err := vm.compile(s)
	if err != nil {
		return nil, vm.toError(ctx, err)
	}
	d.proto = fn.Proto
	said, err := vm.declaredDriver(fn) //nolint:contextcheck // the thread carries it
	if err != nil {
		return nil, err
	}
	d.about = said.about
	d.about.Name, d.about.Path = name, s.Name
	d.about.Title, d.about.Description = docComment(s.Text)
	for i := range d.about.Commands {
		d.about.Commands[i].From = name
	}
	return d, nil
}

// open makes an interpreter for a driver, with what a text can be read with and no more.
func (d *luaDriver) open(ctx context.Context) *VM {
	vm := New(ctx, Options{Modules: d.opts.Modules, Libraries: d.opts.Libraries, Own: d.opts.Own})
	vm.loading = true // no operation is possible, now or later
	L := vm.state
	globals := L.Get(lua.GlobalsIndex).(*lua.LTable)
	globals.RawSetString("parallel", lua.LNil)
	L.GetGlobal(lua.MathLibName).(*lua.LTable).RawSetString("random", lua.LNil)
	vm.openDriver(L)
	return vm
}

// declaredDriver runs a driver's script and returns what it says of itself.
func (vm *VM) declaredDriver(fn *lua.LFunction) (*declaration, error) {
	v, err := vm.call(vm.state, fn)
	if err != nil {
		return nil, err
	}
	if ud, ok := v.(*lua.LUserData); ok {
		if said, ok := ud.Value.(*declaration); ok {
			return said, nil
		}
	}
	name := fn.Proto.SourceName
	return nil, &Error{
		Failure: action.Errorf(action.CodeScript, "%s is no driver: it does not return driver { … }", name).
			Try("end the script with: return driver { summary = …, formats = …, commands = { … } }; runbook docs driver says what is in one"),
		Where: vm.loader.lastLine(name),
	}
}

// About is what the driver says of itself.
func (d *luaDriver) About() *driver.About { return d.about }

// Read makes data of what a command printed.
func (d *luaDriver) Read(ctx context.Context, purpose driver.Purpose, said driver.Said) driver.Reading {
	return d.readings.of(ctx, asked{purpose, said}, func() driver.Reading {
		ctx, cancel := context.WithTimeoutCause(ctx, d.opts.Time, fmt.Errorf("it was not done within %s", d.opts.Time))
		defer cancel()
		reading, err := d.read(ctx, purpose, said)
		if err != nil {
			return driver.Reading{Devices: reading.Devices, Unread: driver.Kept(said.Stdout), Fault: err.Error()}
		}
		reading.Unread = driver.Kept(reading.Unread...)
		return reading
	})
}

func (d *luaDriver) read(ctx context.Context, purpose driver.Purpose, said driver.Said) (driver.Reading, error) {
	vm := d.open(ctx)
	defer vm.Close()
	vm.enter(vm.state)
	defer vm.leave()
	vm.loader.add(d.source)
	declared, err := vm.declaredDriver(vm.state.NewFunctionFromProto(d.proto)) //nolint:contextcheck // the thread carries it
	if err != nil {
		return driver.Reading{}, located(err)
	}
	fn := declared.parse[purpose]
	if fn == nil {
		return driver.Reading{Unread: []string{said.Stdout}}, nil
	}
	input, err := vm.toLua(map[string]any{
		"id": said.ID, "text": driver.Plain(said.Stdout), "errors": driver.Plain(said.Stderr), "exit_code": int64(said.ExitCode),
	})
	if err != nil {
		return driver.Reading{}, err
	}
	v, err := vm.call(vm.state, fn, input) //nolint:contextcheck // the thread carries it
	if err != nil {
		return driver.Reading{}, located(err)
	}
	value, err := vm.toGo(v, 0)
	if err != nil {
		return driver.Reading{}, fmt.Errorf("%s returned what is no data: %w", purpose, err)
	}
	return readingOf(purpose, said.ID, value)
}

// located is an error of a script with its line.
func located(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && !e.Where.IsZero() {
		return fmt.Errorf("%s: %w", e.Where, err)
	}
	return err
}

// A declaration is what driver { … } says, and the functions in it.
type declaration struct {
	about *driver.About
	parse map[driver.Purpose]*lua.LFunction
}

// openDriver adds driver, with which a script says that it is one.
func (vm *VM) openDriver(L *lua.LState) {
	L.Get(lua.GlobalsIndex).(*lua.LTable).RawSetString("driver", L.NewFunction(func(L *lua.LState) int {
		t := L.CheckTable(1)
		at := vm.where(L)
		v, err := vm.toGo(t, 0)
		if err != nil {
			vm.raise(L, action.Errorf(action.CodeInvalid, "driver: %w", err))
		}
		about, wrong := readDriver(v)
		if wrong != nil {
			vm.raise(L, &Error{Failure: wrong.err, Where: vm.loader.below(at, wrong.path)})
		}
		ud := L.NewUserData()
		ud.Value = &declaration{about, parsersIn(t)}
		L.Push(ud)
		return 1
	}))
}

// parsersIn are the functions of a driver's commands, which was found to be well-formed.
func parsersIn(t *lua.LTable) map[driver.Purpose]*lua.LFunction {
	out := map[driver.Purpose]*lua.LFunction{}
	commands, _ := t.RawGetString("commands").(*lua.LTable)
	for _, p := range driver.Purposes {
		if c, ok := commands.RawGetString(string(p)).(*lua.LTable); ok {
			if fn, ok := c.RawGetString("parse").(*lua.LFunction); ok {
				out[p] = fn
			}
		}
	}
	return out
}

// below finds the line of what stands at a path of names in a table, from the line on at which the table was passed on. That is the line
// of the call's end or beginning, as the compiler has it, so names are looked for above it too.
func (l *loader) below(at Position, path []string) Position {
	s := l.sources[at.File]
	if s == nil || len(path) == 0 {
		return at
	}
	for line := firstDriver(s.Text); line > 0 && len(path) > 0; path = path[1:] {
		next := lineOfName(s.Text, line, path[0])
		if next == 0 {
			return at
		}
		at, line = l.position(at.File, next), next
	}
	return at
}

// purposeNames are the names that a driver's commands can have.
func purposeNames() []string {
	out := make([]string, 0, len(driver.Purposes))
	for _, p := range driver.Purposes {
		out = append(out, string(p))
	}
	return slices.Clone(out)
}
