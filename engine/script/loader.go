package script

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"runbook/engine/action"
	"runbook/engine/module"
)

// maxSource bounds a script's size in bytes: the compiler recurses over it.
const maxSource = 1 << 20

// A Source is one Lua file that a run is made of.
type Source struct {
	Name    string // as positions show it
	Library bool   // from the standard library, not the runbook's own
	Text    string
}

// A loader knows the sources that were loaded, and the modules that were required.
type loader struct {
	sources map[string]*Source
	order   []string
	loaded  map[string]lua.LValue
	pending []string // being required, to find circles
}

func (l *loader) init() {
	l.sources, l.loaded = map[string]*Source{}, map[string]lua.LValue{}
}

func (l *loader) add(s Source) {
	l.sources[s.Name] = &s
	l.order = append(l.order, s.Name)
}

func (l *loader) knows(name string) bool { return l.sources[name] != nil }

func (l *loader) isLibrary(name string) bool {
	return l.sources[name] != nil && l.sources[name].Library
}

func (l *loader) position(name string, line int) Position {
	pos := Position{File: name, Line: line}
	if s := l.sources[name]; s != nil {
		lines := strings.Split(s.Text, "\n")
		if line >= 1 && line <= len(lines) {
			pos.Text = strings.TrimSpace(lines[line-1])
		}
	}
	return pos
}

func (l *loader) lastLine(name string) Position {
	if s := l.sources[name]; s != nil {
		return l.position(name, strings.Count(strings.TrimRight(s.Text, "\n"), "\n")+1)
	}
	return Position{File: name}
}

// Sources lists the Lua files loaded so far, in order.
func (vm *VM) Sources() []Source {
	out := make([]Source, 0, len(vm.loader.order))
	for _, name := range vm.loader.order {
		out = append(out, *vm.loader.sources[name])
	}
	return out
}

// compile makes a function of a source, or says where its syntax is wrong.
func (vm *VM) compile(s Source) (*lua.LFunction, error) {
	vm.loader.add(s)
	if len(s.Text) > maxSource {
		return nil, action.Errorf(action.CodeInvalid, "%s is larger than %d bytes", s.Name, maxSource)
	}
	translate := vm.translate
	if s.Library {
		translate = vm.translateOnce
	}
	proto, err := translate(s)
	if err != nil {
		return nil, vm.syntaxError(s.Name, err)
	}
	return vm.state.NewFunctionFromProto(proto), nil
}

// translate makes code of a source.
func (vm *VM) translate(s Source) (*lua.FunctionProto, error) {
	chunk, err := parse.Parse(strings.NewReader(s.Text), s.Name)
	if err != nil {
		return nil, err
	}
	var counted *hits
	if vm.opts.Coverage != nil && !s.Library {
		chunk, counted = instrument(chunk)
	}
	proto, err := lua.Compile(together(chunk), s.Name)
	if err == nil && counted != nil {
		counted.plant(proto)
		vm.covered[s.Name] = counted
	}
	return proto, err
}

// libraries are the code of the libraries by their source. Every VM of the process uses the same: code does not change, libraries are
// few, and to translate them takes longer than most scripts run.
var libraries sync.Map

func (vm *VM) translateOnce(s Source) (*lua.FunctionProto, error) {
	if known, ok := libraries.Load(s); ok {
		return known.(*lua.FunctionProto), nil
	}
	proto, err := vm.translate(s)
	if err == nil {
		libraries.Store(s, proto)
	}
	return proto, err
}

// requirable lists what require finds without the runbook's own files.
func (vm *VM) requirable() []string {
	var names []string
	for _, m := range vm.opts.Modules {
		names = append(names, m.Name)
	}
	return append(names, luaFiles(vm.opts.Libraries)...)
}

func luaFiles(fsys fs.FS) []string {
	if fsys == nil {
		return nil
	}
	files, err := fs.Glob(fsys, "*.lua")
	if err != nil { // only for a malformed pattern
		return nil
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, ".lua"))
	}
	return names
}

// requireName is what require accepts: names with dots between them, which can reach nothing above the folder.
var requireName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// require finds a module, a library, or a file beside the runbook, in this order, and nothing else.
func (vm *VM) require(L *lua.LState) int {
	name := L.CheckString(1)
	value, err := vm.requireValue(L, name)
	if err != nil {
		vm.raise(L, err)
	}
	L.Push(value)
	return 1
}

func (vm *VM) requireValue(L *lua.LState, name string) (lua.LValue, error) {
	if v, ok := vm.loader.loaded[name]; ok {
		return v, nil
	}
	if slices.Contains(vm.loader.pending, name) {
		return nil, action.Errorf(action.CodeScript, "%s requires itself: %s", name, strings.Join(append(vm.loader.pending, name), " → "))
	}
	vm.loader.pending = append(vm.loader.pending, name)
	defer func() { vm.loader.pending = vm.loader.pending[:len(vm.loader.pending)-1] }()
	v, err := vm.find(L, name)
	if err != nil {
		return nil, err
	}
	vm.loader.loaded[name] = v
	return v, nil
}

func (vm *VM) find(L *lua.LState, name string) (lua.LValue, error) {
	for _, m := range vm.opts.Modules {
		if m.Name == name {
			return vm.moduleTable(L, m)
		}
	}
	if !requireName.MatchString(name) {
		return nil, action.Errorf(action.CodeInvalid, "require %q: a name is letters, digits and _, with dots between folders", name)
	}
	file := strings.ReplaceAll(name, ".", "/") + ".lua"
	for _, place := range []struct {
		fsys    fs.FS
		library bool
	}{{vm.opts.Libraries, true}, {vm.opts.Own, false}} {
		text, err := readFile(place.fsys, file)
		if err != nil {
			return nil, action.Errorf(action.CodeInvalid, "require %q: %w", name, err)
		}
		if text != nil {
			v, err := vm.runFile(L, Source{Name: path.Clean(file), Library: place.library, Text: string(text)})
			if t, ok := v.(*lua.LTable); ok && err == nil && place.library {
				vm.strictLibrary(L, name, t)
			}
			return v, err
		}
	}
	known := append(vm.requirable(), luaFiles(vm.opts.Own)...)
	return nil, action.Errorf(action.CodeScript, "require %q: there is no such module or file%s", name, module.Suggest(name, known)).
		Try("it finds what runbook docs lists, and files beside the script; runbook show NAME --source=%s prints that of the runbook NAME", file)
}

// strictLibrary makes a misspelt function of a library an error, as one of a module is. A library with a metatable has its own ways.
func (vm *VM) strictLibrary(L *lua.LState, library string, t *lua.LTable) {
	if t.Metatable != lua.LNil {
		return
	}
	vm.strict(L, t, func(name string) error {
		var known []string
		t.ForEach(func(k, _ lua.LValue) { known = append(known, lua.LVAsString(k)) })
		slices.Sort(known)
		return action.Errorf(action.CodeInvalid, "the library %s has no function %q%s", library, name, module.Suggest(name, known)).
			Try("runbook docs %s", library)
	})
}

// readFile returns nil without an error when there is no such file.
func readFile(fsys fs.FS, file string) ([]byte, error) {
	if fsys == nil {
		return nil, nil
	}
	text, err := fs.ReadFile(fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	if text == nil {
		text = []byte{}
	}
	return text, nil
}

// runFile runs a required file on a thread of its own; what it returns is the module, true if it returns nothing.
func (vm *VM) runFile(L *lua.LState, s Source) (lua.LValue, error) {
	fn, err := vm.compile(s)
	if err != nil {
		return nil, err
	}
	v, err := vm.call(L, fn)
	if err != nil {
		return nil, err
	}
	if v == lua.LNil {
		return lua.LTrue, nil
	}
	return v, nil
}
