// Package module is how a binding offers functions to Lua without knowing Lua: names, typed parameters, results, errors, docs and
// examples as data, and one Go function that turns checked arguments into a value (pure) or an operation (read, wait, action).
//
// The same data feeds the call, its argument checks and suggestions, the documentation and the editor types. Nothing here
// carries an operation out; that is the gate's. Read next: engine/script, which calls a Func, and bindings/kubernetes, which
// declares some.
package module

import (
	"context"

	"runbook/engine/action"
)

// A Module is a named set of functions that a script gets with require.
type Module struct {
	Name   string
	Doc    string // first line: summary
	Funcs  []Func
	Consts []Const

	// Denied asks the module's system which of the permissions the caller does not have. Nil for a module without permissions.
	Denied func(ctx context.Context, wanted []action.Permission) ([]action.Permission, error)
}

// A Const is a value that a module offers beside its functions.
type Const struct {
	Name  string
	Doc   string
	Value any
}

// Effect says what a function may do to the outside world.
type Effect int

// The effects.
const (
	Pure     Effect = iota // no contact: a function of its arguments
	Controls               // concerns the run itself: its clock, its screen, its person
	Reads                  // looks, changes nothing
	Acts                   // changes something
	Either                 // a command: a read if its argv is declared as one, an action otherwise
)

func (e Effect) String() string {
	return [...]string{"pure", "control", "read", "action", "read or action"}[e]
}

// A Func is one function of a module. Exactly one of Pure, Control, Read, Wait, Act and Decide is set; which one says the effect.
type Func struct {
	Name     string
	Doc      string // first line: summary; then details, units, sources
	Params   []Param
	Returns  Result
	Errors   []action.Code // the codes a script should expect beside invalid
	Examples []string      // Lua, each a complete expression or statement
	Risk     action.Risk   // the highest risk of an action of this function

	Pure    func(ctx context.Context, args Args) (any, error)
	Control func(ctx context.Context, args Args) (any, error) // concerns the run itself: sleeping, asking, showing
	Read    func(args Args) (action.Read, error)
	Wait    func(args Args) (action.Wait, error)
	Act     func(args Args) (action.Action, error)
	Decide  func(args Args) (action.Read, action.Action, error) // exactly one of the two operations

	// Permits lists what the caller must be allowed to do for an action of this function on objects of that kind, before any
	// object is known. Nil for functions without actions.
	Permits func(kind string) []action.Permission
	// Kinds are all that a target of an action of this function can be, where it is not for the system to say.
	Kinds []string
	// FullKind is the kind that a target has, API group included, when a runbook's may says kind in short. Nil where may is to say it
	// as targets have it.
	FullKind func(kind string) string
}

// A Result describes what a function returns to Lua.
type Result struct {
	Type string // in the notation of Lua language servers: "kubernetes.Object[]", "string?"
	Doc  string
}

// Effect tells what the function may do.
func (f *Func) Effect() Effect {
	switch {
	case f.Act != nil:
		return Acts
	case f.Decide != nil:
		return Either
	case f.Read != nil, f.Wait != nil:
		return Reads
	case f.Control != nil:
		return Controls
	}
	return Pure
}

// Func returns the module's function with that name, or nil.
func (m *Module) Func(name string) *Func {
	for i := range m.Funcs {
		if m.Funcs[i].Name == name {
			return &m.Funcs[i]
		}
	}
	return nil
}

// Qualified is the function's name as a script writes it: "kubernetes.list", or "sleep" for a module without a name.
func (m *Module) Qualified(f *Func) string {
	if m.Name == "" {
		return f.Name
	}
	return m.Name + "." + f.Name
}

// Names lists the module's functions and constants in the order of their declaration.
func (m *Module) Names() []string {
	names := make([]string, 0, len(m.Funcs)+len(m.Consts))
	for i := range m.Funcs {
		names = append(names, m.Funcs[i].Name)
	}
	for i := range m.Consts {
		names = append(names, m.Consts[i].Name)
	}
	return names
}
