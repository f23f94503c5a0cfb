package device

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

func (b *binding) listFunc() module.Func {
	return module.Func{
		Name: "list",
		Doc: `Looks at all devices of the inventory, or those that the options choose: each tool is asked once on each host, however many devices it has.

It is what "photon-debug --list-devices" is for: where a driver has a command that asks no device, a device that hangs does not hide the
others. Of a device that could not be looked at the state is unknown, and error says why; if none could, that is an error. A line that a
driver did not understand is with every device of that tool (unread).`,
		Params: []module.Param{{Name: "options", Kind: module.Object, Doc: "which; all if not given", Fields: selection}},
		Returns: module.Result{
			Type: "({ error?: { code: string, message: string } } | " + statusType + ")[]", Doc: "as status returns it, in the order of their ids",
		},
		Errors: []action.Code{action.CodeTimeout, action.CodeCommand, action.CodeUnavailable},
		Examples: []string{
			`for _, d in ipairs(device.list()) do if d.state ~= "online" then log(d.id .. " is " .. d.state) end end`,
			`report.table(device.list({ on = "rack-1" }), { "id", "state", "said" })`,
		},
		Read: b.newList,
	}
}

// A listRead is one call of list.
type listRead struct {
	b       *binding
	by      []action.Arg
	units   []*unit
	askings []*asking
	wrong   map[string]error // devices that have no command
}

func (b *binding) newList(args module.Args) (action.Read, error) {
	l := &listRead{b: b, by: chosenBy(args), wrong: map[string]error{}}
	for _, d := range b.selected(args) {
		u, err := b.unitOf(d)
		if err != nil {
			return nil, err
		}
		l.units = append(l.units, u)
	}
	l.gather()
	return l, nil
}

func (l *listRead) Describe() action.Description {
	d := ofSeveral("list", slices.Clone(l.by))
	known := map[string]bool{}
	for _, a := range l.askings {
		c := a.calls[0]
		d.Identity = append(d.Identity, action.Arg{Name: action.ArgvOn(c.On), Value: c.argv})
		if !known[c.On] {
			known[c.On] = true
			d.Permissions = append(d.Permissions, l.b.Needs[c.On]...)
		}
	}
	return d
}

// An asking is one command that tells of several devices.
type asking struct{ calls []*call } // one a device

// An answer is what came of it.
type answer struct {
	said driver.Said
	err  error
}

func (l *listRead) Read(ctx context.Context, view action.View) (any, error) {
	answers, errs := l.ask(ctx), maps.Clone(l.wrong)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	found := map[string]*seen{}
	for i, a := range l.askings {
		if action.CodeOf(answers[i].err) == action.CodeRefused {
			return nil, answers[i].err // that is no answer about devices: the run must not go on
		}
		for _, c := range a.calls {
			seen, err := answers[i].of(ctx, c)
			if err != nil {
				errs[c.ID] = err
				continue
			}
			found[c.ID] = seen
		}
	}
	return l.rows(view, found, errs)
}

// gather finds the commands to run, each once for a machine, and what is wrong with devices that have none.
func (l *listRead) gather() {
	known := map[string]*asking{}
	for _, u := range l.units {
		c, err := u.call(driver.List, nil)
		if err != nil {
			l.wrong[u.ID] = err
			continue
		}
		key := u.On + "\x00" + action.Text(c.argv)
		a := known[key]
		if a == nil {
			a = &asking{}
			known[key] = a
			l.askings = append(l.askings, a)
		}
		a.calls = append(a.calls, c)
	}
}

// ask runs the commands, some at once.
func (l *listRead) ask(ctx context.Context) []answer {
	answers := make([]answer, len(l.askings))
	var all sync.WaitGroup
	free := make(chan struct{}, l.b.AtOnce)
	for i, a := range l.askings {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			answers[i].said, answers[i].err = a.calls[0].run(ctx, action.CodeTimeout)
		})
	}
	all.Wait()
	return answers
}

// of is what was said of one of the devices.
func (a answer) of(ctx context.Context, c *call) (*seen, error) {
	if a.err != nil {
		return nil, a.err
	}
	said := a.said
	said.ID = c.about()
	return c.understood(ctx, said)
}

// rows are the devices in their order, as the run intends them. That all of them failed is an error.
func (l *listRead) rows(view action.View, found map[string]*seen, errs map[string]error) (any, error) {
	out := make([]any, 0, len(l.units))
	failed := 0
	for _, u := range l.units {
		err := errs[u.ID]
		switch assumed := u.unreached(view); {
		case err == nil:
			out = append(out, u.laid(view, found[u.ID]))
		case assumed != nil:
			out = append(out, assumed)
		default:
			failed++
			out = append(out, u.failed(err))
		}
	}
	if failed > 0 && failed == len(l.units) {
		return nil, errs[l.units[0].ID]
	}
	return out, nil
}

// failed is a device that could not be looked at.
func (u *unit) failed(err error) map[string]any {
	out := u.value(&seen{})
	said := map[string]any{"code": string(action.CodeOf(err)), "message": err.Error()}
	if e, ok := errors.AsType[*action.Error](err); ok && e.Hint != "" {
		said["hint"] = e.Hint
	}
	out["error"] = said
	return out
}
