package script

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"runbook/engine/action"
)

// A Position is a line of a script.
type Position struct {
	File string // as it was loaded: a path, or a shipped file's name
	Line int    // from 1; 0 if unknown
	Text string // the line itself, without surrounding space
}

// IsZero tells whether the position is unknown.
func (p Position) IsZero() bool { return p.Line == 0 }

// String is "file:line", or "" if unknown.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// An Error is a failure with the place in the script where it arose.
type Error struct {
	Failure *action.Error
	Where   Position
}

func (e *Error) Error() string { return e.Failure.Message }

// Unwrap returns the failure itself.
func (e *Error) Unwrap() error { return e.Failure }

// raise throws a Go error into Lua as an error table. It does not return.
func (vm *VM) raise(L *lua.LState, err error) {
	L.Error(vm.errorTable(L, vm.located(L, err)), 1)
}

// located adds the place of the running script to an error that has none.
func (vm *VM) located(L *lua.LState, err error) *Error {
	var located *Error
	if errors.As(err, &located) {
		return located
	}
	var known *action.Error
	if !errors.As(err, &known) {
		known = &action.Error{Code: action.CodeInternal, Message: err.Error(), Cause: err}
	}
	return &Error{Failure: known, Where: vm.where(L)}
}

// errorTable is an error as a script sees it: {code, message, target, hint, retryable}.
func (vm *VM) errorTable(L *lua.LState, located *Error) *lua.LTable {
	err := located.Failure
	t := L.NewTable()
	t.RawSetString("code", lua.LString(err.Code))
	t.RawSetString("message", lua.LString(err.Message))
	if !err.Target.IsZero() {
		t.RawSetString("target", lua.LString(err.Target.String()))
	}
	if err.Hint != "" {
		t.RawSetString("hint", lua.LString(err.Hint))
	}
	t.RawSetString("retryable", lua.LBool(err.Retryable))
	t.Metatable = vm.errorMeta(L, located)
	return t
}

// errorMeta is a metatable that prints the message and carries the Go error, so that one that is thrown again keeps its cause.
func (vm *VM) errorMeta(L *lua.LState, err *Error) *lua.LTable {
	cause := L.NewUserData()
	cause.Value = err
	meta := L.NewTable()
	meta.RawSetString("__error", cause)
	meta.RawSetString("__tostring", vm.meta.errorString)
	return meta
}

// toError makes a Go error of what Lua threw. If the run is over, that is the reason, whatever the message says: cancellation
// arrives in Lua as a string.
func (vm *VM) toError(ctx context.Context, err error) *Error {
	if ctx.Err() != nil {
		return vm.ending(context.Cause(ctx), err)
	}
	var located *Error
	if errors.As(err, &located) {
		return located
	}
	var apiErr *lua.ApiError
	if !errors.As(err, &apiErr) {
		return &Error{Failure: &action.Error{Code: action.CodeInternal, Message: err.Error(), Cause: err}}
	}
	if t, ok := apiErr.Object.(*lua.LTable); ok {
		out := vm.fromErrorTable(t)
		if out.Where.IsZero() { // a table that a script or a library made says nothing of where
			return &Error{Failure: out.Failure, Where: vm.fromTrace(apiErr.StackTrace)}
		}
		return out
	}
	out := vm.fromMessage(lua.LVAsString(apiErr.Object))
	if out.Where.IsZero() {
		out.Where = vm.fromTrace(apiErr.StackTrace)
	}
	return out
}

// traced is a line of gopher-lua's stack trace.
var traced = regexp.MustCompile(`(?m)^\s*(.+?):(\d+):`)

// fromTrace finds the innermost line of the runbook's own files in a stack trace.
func (vm *VM) fromTrace(trace string) Position {
	for _, m := range traced.FindAllStringSubmatch(trace, -1) {
		if line, err := strconv.Atoi(m[2]); err == nil && vm.loader.knows(m[1]) && !vm.loader.isLibrary(m[1]) {
			return vm.loader.position(m[1], line)
		}
	}
	return Position{}
}

// ending is the error of a script that was ended: the reason, and the line that it had come to.
func (vm *VM) ending(cause, err error) *Error {
	out := &Error{Failure: &action.Error{Code: action.CodeOf(cause), Message: cause.Error(), Cause: cause}}
	var inner *Error
	var apiErr *lua.ApiError
	switch {
	case errors.As(err, &inner):
		out.Where = inner.Where
	case errors.As(err, &apiErr):
		if t, ok := apiErr.Object.(*lua.LTable); ok {
			out.Where = vm.fromErrorTable(t).Where
		} else {
			out.Where = vm.fromMessage(lua.LVAsString(apiErr.Object)).Where
		}
	}
	return out
}

// fromErrorTable reads a table that a script threw: one of ours, or one of its own with any of the same fields.
func (vm *VM) fromErrorTable(t *lua.LTable) *Error {
	if meta, ok := t.Metatable.(*lua.LTable); ok {
		if ud, ok := meta.RawGetString("__error").(*lua.LUserData); ok {
			if known, ok := ud.Value.(*Error); ok { // a script can make such a metatable of its own
				return known
			}
		}
	}
	out := &action.Error{Code: action.CodeScript, Message: text(t.RawGetString("message")), Hint: text(t.RawGetString("hint"))}
	if code := text(t.RawGetString("code")); code != "" {
		out.Code = action.Code(code)
	}
	if out.Message == "" {
		out.Message = "the script raised a table without a message"
	}
	return &Error{Failure: out}
}

func text(v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return string(s)
	}
	return ""
}

// located message: gopher-lua prefixes "file:line:" and a space.
var prefixed = regexp.MustCompile(`(?s)^(.+?):(\d+): (.*)$`)

func (vm *VM) fromMessage(message string) *Error {
	out := &Error{Failure: &action.Error{Code: action.CodeScript}}
	if m := prefixed.FindStringSubmatch(message); m != nil {
		line, err := strconv.Atoi(m[2])
		if err == nil && vm.loader.knows(m[1]) {
			out.Where = vm.loader.position(m[1], line)
			message = m[3]
		}
	}
	if strings.TrimSpace(message) == "" || message == "nil" {
		message = "the script raised an error without a message"
	}
	out.Failure.Message, out.Failure.Hint = plain(strings.TrimLeft(message, " "))
	return out
}

// plainer are gopher-lua's messages that a reader who is not a Lua programmer would not understand.
var plainer = []struct {
	pattern *regexp.Regexp
	message string
	hint    string
}{
	{regexp.MustCompile(`^attempt to index a non-table object\(nil\) with key '(.*)'$`), "cannot read the field %q of nil", "the value before that field is missing: check it with `if value then`, or look at what the call returned"},
	{regexp.MustCompile(`^attempt to index a non-table object\((.*)\) with key '.*'$`), "cannot read a field of a %s", ""},
	{regexp.MustCompile(`^attempt to call a non-function object$`), "this is not a function", "check the spelling of the name before the parentheses"},
	{regexp.MustCompile(`^__len undefined$`), "# counts a list or a text, and this is neither", ""},
	{regexp.MustCompile(`^(?:stack overflow|lua callstack overflow)$`), "the script calls itself too deep", "a function that calls itself needs an end"},
	{regexp.MustCompile(`^registry overflow$`), "the script uses too many values at once", ""},
}

func plain(message string) (text, hint string) {
	for _, p := range plainer {
		m := p.pattern.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		if len(m) > 1 {
			return fmt.Sprintf(p.message, m[1]), p.hint
		}
		return p.message, p.hint
	}
	return message, ""
}

// syntaxError makes an error with a position of what the parser said.
func (vm *VM) syntaxError(name string, err error) *Error {
	out := &Error{Failure: &action.Error{Code: action.CodeScript, Message: err.Error(), Cause: err}}
	var syntax *parse.Error
	if !errors.As(err, &syntax) {
		return out
	}
	message := strings.TrimSpace(syntax.Message)
	if syntax.Pos.Line == parse.EOF {
		out.Where = vm.loader.lastLine(name)
		out.Failure.Message = message + " at the end of the file"
		out.Failure.Hint = "an `end`, a closing bracket or a closing quote is missing"
		return out
	}
	out.Where = vm.loader.position(name, syntax.Pos.Line)
	out.Failure.Message = fmt.Sprintf("%s near %q, column %d", message, syntax.Token, syntax.Pos.Column)
	return out
}

// where finds the line of the script that is running: the innermost one of the runbook's own files, or else of a library. A protected
// call of a host function, as in try(kubernetes.get, …), has none of its own: then it is that of who made the call.
func (vm *VM) where(L *lua.LState) Position {
	var library Position
	for th := L; th != nil; th = vm.callers[th] {
		own, of := vm.whereOn(th)
		if !own.IsZero() {
			return own
		}
		if library.IsZero() {
			library = of
		}
	}
	return library
}

// whereOn finds the innermost lines on one thread, of the runbook's own files and of a library.
func (vm *VM) whereOn(L *lua.LState) (own, library Position) {
	for level := 0; ; level++ {
		dbg, ok := L.GetStack(level)
		if !ok {
			return Position{}, library
		}
		if _, err := L.GetInfo("Sl", dbg, lua.LNil); err != nil || !vm.loader.knows(dbg.Source) || dbg.CurrentLine <= 0 {
			continue
		}
		pos := vm.loader.position(dbg.Source, dbg.CurrentLine)
		if !vm.loader.isLibrary(dbg.Source) {
			return pos, library
		}
		if library.IsZero() {
			library = pos
		}
	}
}
