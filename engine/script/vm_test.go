package script

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/module"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a VM with a module "site" whose functions stand for the outside world.
type fixture struct {
	vm      *VM
	mu      sync.Mutex
	seen    []string      // what Invoke was asked for
	guarded []bool        // of each: whether the script catches an error of it
	onCall  func(n int)   // told the number of each call
	gate    chan struct{} // site.block waits on it
}

func newFixture(t *testing.T) *fixture {
	return newFixtureWithin(t.Context(), t)
}

func newFixtureWithin(ctx context.Context, t *testing.T) *fixture {
	t.Helper()
	f := &fixture{gate: make(chan struct{})}
	echo := module.Param{Name: "value", Kind: module.Any}
	site := &module.Module{Name: "site", Funcs: []module.Func{
		{Name: "echo", Params: []module.Param{echo}, Pure: func(_ context.Context, a module.Args) (any, error) { return a["value"], nil }},
		{Name: "raw", Params: []module.Param{{Name: "json", Kind: module.String}}, Pure: func(_ context.Context, a module.Args) (any, error) {
			return json.RawMessage(a.String("json")), nil
		}},
		{Name: "pods", Pure: func(context.Context, module.Args) (any, error) {
			return []json.RawMessage{
				json.RawMessage(`{"metadata":{"name":"b","labels":{"app":"x"}},"spec":{"containers":[{"name":"c"}]}}`),
				json.RawMessage(`{"metadata":{"name":"a","labels":{"app":"y"}},"status":null}`),
			}, nil
		}},
		{Name: "do", Params: []module.Param{echo}, Control: func(context.Context, module.Args) (any, error) { return nil, nil }},
		{Name: "fail", Control: func(context.Context, module.Args) (any, error) { return nil, nil }},
		{Name: "panic", Pure: func(context.Context, module.Args) (any, error) { panic("boom") }},
	}}
	f.vm = New(ctx, Options{
		Modules: []*module.Module{site}, Invoke: f.invoke, Random: func() float64 { return 0.5 },
		Libraries: fstest.MapFS{"helper.lua": {Data: []byte("local M = {}\nfunction M.fail() error('broken') end\nfunction M.twice(n) return n * 2 end\nfunction M.refuse() error({ message = 'no' }, 0) end\nreturn M\n")}},
		Own:       fstest.MapFS{"lib/own.lua": {Data: []byte("return { answer = 42 }")}, "circle.lua": {Data: []byte("return require 'circle'")}},
	})
	t.Cleanup(f.vm.Close)
	return f
}

func (f *fixture) invoke(ctx context.Context, c Call) (any, error) {
	f.mu.Lock()
	f.seen = append(f.seen, c.Frame.Branch+":"+c.Func.Name)
	f.guarded = append(f.guarded, c.Frame.Guarded)
	n := len(f.seen)
	f.mu.Unlock()
	if f.onCall != nil {
		f.onCall(n)
	}
	switch c.Func.Name {
	case "fail":
		return nil, action.Errorf(action.CodeForbidden, "you may not").On(action.Target{Kind: "pods", Name: "x"}).Try("ask")
	case "do":
		if c.Args["value"] == "block" {
			select {
			case <-f.gate:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	}
	return c.Args["value"], nil
}

// eval runs a chunk and returns its first result.
func (f *fixture) eval(text string) (any, error) {
	f.vm.enter(f.vm.state)
	defer f.vm.leave()
	fn, err := f.vm.compile(Source{Name: "test.lua", Text: text})
	if err != nil {
		return nil, err
	}
	v, err := f.vm.call(f.vm.state, fn)
	if err != nil {
		return nil, err
	}
	return f.vm.toGo(v, 0)
}

// truths are chunks that must return true.
var truths = map[string]string{
	// Objects from outside.
	"object fields":               `local p = require"site".pods() return p[1].metadata.labels.app == "x"`,
	"object in list works":        `local p = require"site".pods() table.sort(p, function(a,b) return a.metadata.name < b.metadata.name end) return p[1].metadata.name == "a" and #p == 2`,
	"arrays in objects are lists": `local p = require"site".pods() return #p[1].spec.containers == 1 and p[1].spec.containers[1].name == "c"`,
	"null reads as nil":           `return require"site".pods()[2].status == nil`,
	"null is absent from pairs":   `local n = 0 for _ in pairs(require"site".pods()[2]) do n = n + 1 end return n == 1`,
	"type is table":               `return type(require"site".pods()[1]) == "table"`,
	"pairs in order":              `local k = {} for n in pairs(require"site".raw('{"b":1,"a":2,"c":3}')) do k[#k+1] = n end return table.concat(k) == "abc"`,
	"next in order":               `local o = require"site".raw('{"b":1,"a":2}') local k = next(o) return k == "a" and next(o, k) == "b" and next(o, "b") == nil`,
	"objects are equal by value":  `local s = require"site" return s.raw('{"a":1,"b":2}') == s.raw('{"b":2,"a":1}')`,
	"objects differ by value":     `local s = require"site" return s.raw('{"a":1}') ~= s.raw('{"a":2}')`,
	"a field is the same twice":   `local p = require"site".pods()[1] return rawequal(p.metadata, p.metadata)`,
	"big integers keep digits":    `return require"site".raw('{"n":9007199254740993}').n == "9007199254740993"`,
	"names with dots":             `return require"site".raw('{"app.kubernetes.io/name":"x"}')["app.kubernetes.io/name"] == "x"`,
	"odd names":                   `local o = require"site".raw('{"a*b?":1,"#":2,"@this":3,"":4,"a|b":5,"\\u00e9":6}') return o["a*b?"] == 1 and o["#"] == 2 and o["@this"] == 3 and o[""] == 4 and o["a|b"] == 5 and o["é"] == 6`,
	"copy is a table":             `local c = copy(require"site".pods()[1]) c.metadata.name = "z" return c.metadata.name == "z" and #c.spec.containers == 1`,
	"a copy keeps its nulls":      `local s = require"site" local c = copy(s.raw('{"a":null,"b":{"c":null}}')) return tostring(c.a) == "null" and tostring(c.b.c) == "null"`,
	"a handed out list that was changed is sent changed": `local s = require"site" local p = s.pods()[1]
		p.spec.containers[1] = "changed" return s.echo(p).spec.containers[1] == "changed"`,

	// gopher-lua#448: an error caught by pcall must not part a local from its closures.
	"pcall keeps upvalues": `local n = 0 local function inc() n = n + 1 end
		inc() pcall(function() error("x") end) inc() pcall(function() local t; return t.x end) inc() return n == 3`,
	"try keeps upvalues": `local n = 0 local function inc() n = n + 1 end inc() try(error, "x") inc() return n == 2`,
	"xpcall keeps upvalues": `local n = 0 local function inc() n = n + 1 end inc()
		xpcall(function() pcall(error, "x") error("y") end, function(e) return e end) inc() return n == 2`,
	"closures made in a failed pcall live on": `local keep
		pcall(function() local v = 1 keep = function() v = v + 1 return v end error("x") end)
		pcall(function() local a, b, c, d = 9, 9, 9, 9 end) return keep() == 2 and keep() == 3`,

	// Errors.
	"an error is a table":   `local ok, e = pcall(require"site".fail) return not ok and e.code == "forbidden" and e.message == "you may not" and e.hint == "ask" and e.target == "pods/x" and e.retryable == false`,
	"an error prints":       `local _, e = pcall(require"site".fail) return tostring(e) == "you may not"`,
	"try gives nil and err": `local v, e = try(require"site".fail) return v == nil and e.code == "forbidden"`,
	"try gives results":     `local a, b = try(function() return 1, 2 end) return a == 1 and b == 2`,
	"try makes a table":     `local _, e = try(error, "plain") return e.code == "script" and e.message == "plain"`,
	"thrown tables pass":    `local _, e = pcall(error, {code = "mine"}) return e.code == "mine"`,
	"xpcall calls handler":  `local _, e = xpcall(function() error("a", 0) end, function(m) return m .. "!" end) return e == "a!"`,
	"a panic is an error":   `local _, e = try(require"site".panic) return e.code == "internal" and e.message:find("fault in site.panic", 1, true) ~= nil`,

	// Sandbox.
	"no dangerous globals": `for _, n in ipairs{"io","os","debug","channel","package","dofile","loadfile","load","loadstring","module","setfenv","getfenv","newproxy","collectgarbage","print","_printregs"} do
		if rawget(_G, n) ~= nil then error(n) end end return true`,
	"no string.dump": `return rawget(string, "dump") == nil`,

	// Numbers and randomness.
	"random is the host's": `return math.random() == 0.5 and math.random(3) == 2 and math.random(5, 6) == 6`,

	// Registry growth.
	"concat of many":  `local t = {} for i = 1, 20000 do t[i] = "x" end return #table.concat(t, ",") == 39999`,
	"unpack of many":  `local t = {} for i = 1, 6000 do t[i] = i end return select("#", unpack(t)) == 6000`,
	"recursion is ok": `local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(800) == 800`,

	// Multiple assignments, in a script and in what it requires.
	"values are swapped": `local a, b = 1, 2 a, b = b, a return a == 2 and b == 1`,

	// Coroutines.
	"generators":     `local g = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) return g() + g() + g() == 6`,
	"wrap raises":    `local _, e = pcall(coroutine.wrap(function() error({code = "x"}) end)) return e.code == "x"`,
	"yield of calls": `local s = require"site" local g = coroutine.wrap(function() coroutine.yield(s["do"](7)) coroutine.yield(s.echo(8)) end) return g() == 7 and g() == 8`,
	"resume results": `local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
		local _, x = coroutine.resume(co, 1) local _, y = coroutine.resume(co, 10) return x == 2 and y == 20 and coroutine.status(co) == "dead"`,

	// require.
	"own folder":      `return require"lib.own".answer == 42`,
	"library":         `return require"helper".twice(4) == 8`,
	"required once":   `return require"helper" == require"helper"`,
	"json marks kept": `local s = require"site" return #s.echo(s.raw("[]")) == 0`,

	// parallel.
	"parallel keeps order": `local r = parallel({3,1,2}, function(v) return require"site"["do"](v) end) return r[1] == 3 and r[2] == 1 and r[3] == 2`,
	"parallel continues": `local r, errs = parallel({"a","b"}, {on_error="continue"}, function(v) if v == "a" then error("no") end return v end)
		return r[1] == false and r[2] == "b" and errs[1].message == "no" and errs[2] == nil`,
	"parallel raises":          `local _, e = pcall(parallel, {1,2,3}, {limit=1}, function(v) error({code="x"..v}) end) return e.code == "x1"`,
	"parallel of none":         `return #parallel({}, function() end) == 0`,
	"parallel in parallel":     `local r = parallel({"a","b"}, function(x) return parallel({"1","2"}, function(y) return require"site"["do"](x..y) end)[2] end) return r[1] == "a2" and r[2] == "b2"`,
	"parallel shares upvalues": `local n = 0 parallel({1,2,3,4,5,6,7,8}, function() pcall(function() require"site"["do"](1) n = n + 1 end) end) return n == 8`,
}

func TestTruths(t *testing.T) {
	for name, chunk := range truths {
		t.Run(name, func(t *testing.T) {
			v, err := newFixture(t).eval(chunk)
			require.NoError(t, err)
			assert.Equal(t, true, v)
		})
	}
}

// mistakes are chunks with what a person reads about them.
var mistakes = []struct{ name, chunk, message, hint string }{
	{"misspelt function", `local s = require"site"` + "\n" + `s.ecko(1)`, `the module site has no function "ecko"; did you mean "echo"?`, "runbook docs site"},
	{"misspelt in a library", `local h = require"helper"` + "\n" + `h.twise(1)`, `the library helper has no function "twise"; did you mean "twice"?`, "runbook docs helper"},
	{"misspelt global", `parralel({}, print)`, `the name "parralel" is not defined; did you mean "parallel"?`, ""},
	{"forgotten require", `site.echo(1)`, `the name "site" is not defined`, `add this line above: local site = require "site"`},
	{"nil index", `local t = {} return t.pods.name`, `cannot read the field "name" of nil`, "the value before that field is missing: check it with `if value then`, or look at what the call returned"},
	{"call of nothing", `local t = {} t.x()`, `this is not a function`, "check the spelling of the name before the parentheses"},
	{"too many arguments", `require"site".echo(1, 2)`, `site.echo takes 1 argument, got 2`, ""},
	{"read-only", `require"site".pods()[1].x = 1`, `cannot set "x": an object that came from outside is read-only`, "local mine = copy(object), and change that"},
	{"ipairs of an object", `for _ in ipairs(require"site".pods()[1]) do end`, `ipairs goes through a list, and this is an object with names: use pairs`, ""},
	{"ipairs of nothing", `local t = {} for _ in ipairs(t.pods) do end`, `ipairs goes through a list, and this is nil`,
		"the value is missing: check it with `if value then`, or look at what the call returned"},
	{"pairs of a text", `for _ in pairs("a") do end`, `pairs goes through a table, and this is a string`, ""},
	{"next of nothing", `local x next(x)`, `next goes through a table, and this is nil`, "the value is missing: check it with `if value then`, or look at what the call returned"},
	{"length of an object", `return #require"site".pods()[1]`, `# counts a list, and this is an object with names: metadata, spec`, ""},
	{"length of nothing", `local x return #x`, `# counts a list or a text, and this is neither`, ""},
	{"mixed table", `require"site".echo({1, a = 2})`, `site.echo: argument 1: a table has both list items and the name "a": it must be a list or an object`, ""},
	{"list with a gap", `require"site".echo({1, nil, 3})`, `site.echo: argument 1: a list has nothing at [2]: its keys are 1, 2, 3 … without gaps, and a null is json.null`, ""},
	{"circular table", `local t = {} t.t = t require"site".echo(t)`, `site.echo: argument 1: a table is nested more than 100 deep, or contains itself`, ""},
	{"unknown require", `require "halper"`, `require "halper": there is no such module or file; did you mean "helper"?`,
		"it finds what runbook docs lists, and files beside the script; runbook show NAME --source=halper.lua prints that of the runbook NAME"},
	{"require above", `require "../secret"`, `require "../secret": a name is letters, digits and _, with dots between folders`, ""},
	{"circular require", `require "circle"`, `circle requires itself: circle → circle`, ""},
	{"deep recursion", `local function f() return 1 + f() end f()`, `the script calls itself too deep`, "a function that calls itself needs an end"},
	{"recursion by pcall", `local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f()`, `protected calls are nested too deep`, ""},
	{"endless wrap", `local function g() return coroutine.wrap(g)() end g()`, "coroutines are nested more than 100 deep", ""},
	{"parallel option", `parallel({}, {limits = 2}, function() end)`, `parallel has no option "limits"; did you mean "limit"?`, ""},
}

func TestMistakes(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			_, err := newFixture(t).eval(m.chunk)
			var located *Error
			require.ErrorAs(t, err, &located)
			assert.Equal(t, m.message, located.Failure.Message)
			assert.Equal(t, m.hint, located.Failure.Hint)
			assert.NotContains(t, located.Failure.Message, "goroutine")
		})
	}
}

func TestAnErrorNamesItsLine(t *testing.T) {
	for name, c := range map[string]struct {
		chunk string
		file  string
		line  int
		text  string
	}{
		"our error":        {"local s = require 'site'\n\n  s.fail()\n", "test.lua", 3, "s.fail()"},
		"lua error":        {"local t\nreturn t.x", "test.lua", 2, "return t.x"},
		"in a library":     {"local h = require 'helper'\nh.twice(nil)", "helper.lua", 3, "function M.twice(n) return n * 2 end"},
		"thrown table":     {"local x = 1\nerror({ message = 'm' })", "test.lua", 2, "error({ message = 'm' })"},
		"thrown by lib":    {"local h = require 'helper'\nlocal function f()\n  h.refuse()\nend\nf()", "test.lua", 3, "h.refuse()"},
		"syntax":           {"local x = = 1", "test.lua", 1, "local x = = 1"},
		"missing end":      {"if true then\n  local x = 1\n", "test.lua", 2, "local x = 1"},
		"in a branch":      {"parallel({1}, function()\n  require'site'.fail()\nend)", "test.lua", 2, "require'site'.fail()"},
		"through pcall":    {"local ok, e = pcall(function()\n require'site'.fail() end)\nerror(e)", "test.lua", 2, "require'site'.fail() end)"},
		"misspelt global":  {"\n\nnope()", "test.lua", 3, "nope()"},
		"wrong parameter":  {"require'site'.pods(\n1)", "test.lua", 1, "require'site'.pods("},
		"error with level": {"error('plain')", "test.lua", 1, "error('plain')"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newFixture(t).eval(c.chunk)
			var located *Error
			require.ErrorAs(t, err, &located)
			assert.Equal(t, c.line, located.Where.Line)
			assert.Equal(t, c.text, located.Where.Text)
			assert.Equal(t, c.file, located.Where.File)
		})
	}
}

// endless are chunks that never end by themselves. Each must end with its context, whatever catches errors inside.
var endless = map[string]string{
	"loop":            `while true do end`,
	"loop in pcall":   `while true do pcall(function() while true do end end) end`,
	"loop in try":     `while true do try(function() while true do end end) end`,
	"loop in xpcall":  `while true do xpcall(function() while true do end end, function() while true do end end) end`,
	"recursive pcall": `local function f() while true do pcall(f) end end f()`,
	"coroutine":       `while true do local co = coroutine.wrap(function() while true do end end) pcall(co) end`,
	"many coroutines": `while true do local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) end`,
	"parallel":        `while true do pcall(parallel, {1,2,3}, function() while true do end end) end`,
	"blocked branch":  `parallel({"block","block"}, function(v) pcall(require"site"["do"], v) end)`,
	"metamethod":      `local t = setmetatable({}, {__index = function(t, k) while true do end end}) while true do pcall(function() return t.x end) end`,
	"catastrophe":     `while true do pcall(string.find, ("a"):rep(5000), ("a*"):rep(50) .. "b") end`,
	"sort":            `while true do pcall(table.sort, {3,2,1}, function() while true do end end) end`,
	"gsub":            `while true do pcall(string.gsub, ("x"):rep(1000), "x", function() while true do end end) end`,
}

func TestEndlessScriptsEndWithTheirContext(t *testing.T) {
	for name, chunk := range endless {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cause := errors.New("time is up")
			ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, cause)
			defer cancel()
			_, err := newFixtureWithin(ctx, t).eval(chunk)
			require.Error(t, err)
			assert.ErrorIs(t, err, cause)
			assert.Equal(t, "time is up", err.Error())
		})
	}
}

// A coroutine that waits in one branch cannot be entered by another: gopher-lua would dereference nil.
func TestACoroutineIsInOneBranchOnly(t *testing.T) {
	f := newFixture(t)
	f.onCall = func(n int) {
		if n == 2 { // the second branch has been refused: let the first one go on
			close(f.gate)
		}
	}
	v, err := f.eval(`
		local site = require "site"
		local co = coroutine.create(function() site["do"]("block") return "done" end)
		local r = parallel({"first", "second"}, function(name)
			local ok, e = pcall(coroutine.resume, co)
			if not ok then site["do"]("refused") end
			return { ok = ok, e = tostring(e) }
		end)
		local refused
		for _, x in ipairs(r) do if not x.ok or x.e:find("cannot resume", 1, true) then refused = x.e end end
		return refused or "both resumed"`)
	require.NoError(t, err)
	assert.Contains(t, v, "cannot resume a coroutine that is running")
}

func TestManyBranchesUnderRace(t *testing.T) {
	f := newFixture(t)
	v, err := f.eval(`
		local site = require "site"
		local items, total, caught = {}, 0, 0
		for i = 1, 200 do items[i] = i end
		parallel(items, {limit = 50}, function(i)
			local gen = coroutine.wrap(function() for k = 1, 3 do coroutine.yield(site["do"](k)) end end)
			for k = 1, 3 do local v = gen() total = total + v end
			local ok = pcall(site.fail)
			if not ok then caught = caught + 1 end
			for _, pod in ipairs(site.pods()) do total = total + #pod.metadata.name end
		end)
		return total == 200 * 8 and caught == 200`)
	require.NoError(t, err)
	assert.Equal(t, true, v)
}

// A census counts branches that run.
type census struct {
	mu             sync.Mutex
	running, least int
}

func (c *census) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
}

func (c *census) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	c.least = min(c.least, c.running)
}

// A virtual clock moves at the moment at which nothing runs: a branch whose own branches end goes on at the time at which they did.
func TestSomethingRunsWhereBranchesEnd(t *testing.T) {
	f := newFixture(t)
	counted := &census{running: 1, least: 1}
	f.vm.opts.Workers = counted
	_, err := f.eval(`parallel({1, 2}, function() parallel({1, 2, 3}, {limit = 2}, function() end) parallel({}, function() end) end)`)
	require.NoError(t, err)
	assert.Equal(t, 1, counted.least)
	assert.Equal(t, 1, counted.running)
}

func TestBranchesHaveNames(t *testing.T) {
	f := newFixture(t)
	_, err := f.eval(`local s = require "site"
		parallel({"a", "b", "b"}, {limit = 1}, function() s["do"](1) end)
		parallel(s.pods(), {limit = 1}, function() parallel({7}, function() s["do"](1) end) end)`)
	require.NoError(t, err)
	assert.Equal(t, []string{"a:do", "#2:do", "#3:do", "b > 7:do", "a > 7:do"}, f.seen)
}

func TestAValueCrossesAndComesBack(t *testing.T) {
	f := newFixture(t)
	f.vm.enter(f.vm.state)
	defer f.vm.leave()
	for _, v := range []any{nil, true, "text", 1.5, []any{}, map[string]any{}, []any{"a", 2.0, map[string]any{"k": []any{}}}, module.Null{}} {
		lv, err := f.vm.toLua(v)
		require.NoError(t, err)
		back, err := f.vm.toGo(lv, 0)
		require.NoError(t, err)
		assert.Equal(t, v, back)
	}
}

func FuzzObject(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":{"b":[1,null,"x"]},"":0}`, `{"\u0000":1e300}`, `{"a.b":{"c*":[]}}`, `{"n":12345678901234567890}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		fx := newFixture(t)
		fx.vm.enter(fx.vm.state)
		defer fx.vm.leave()
		lv, err := fx.vm.fromRaw(json.RawMessage(text))
		if err != nil {
			return
		}
		back, err := fx.vm.toGo(lv, 0)
		if err != nil {
			return // too deep
		}
		if raw, ok := back.(json.RawMessage); ok {
			assert.JSONEq(t, text, string(raw))
		}
		_, err = fx.vm.toGo(fx.vm.copyValue(fx.vm.state, lv, 0), 0)
		if err == nil {
			return
		}
		assert.ErrorContains(t, err, "nested")
	})
}

// A host function that is called through try has the line of the script that called it.
func TestAProtectedCallHasAPlace(t *testing.T) {
	var places []string
	probe := &module.Module{Name: "probe", Funcs: []module.Func{{Name: "do", Control: func(ctx context.Context, _ module.Args) (any, error) {
		places = append(places, FrameOf(ctx).Where.String())
		return nil, nil
	}}}}
	vm := New(t.Context(), Options{Modules: []*module.Module{probe}, Invoke: func(ctx context.Context, c Call) (any, error) {
		return c.Func.Control(ctx, c.Args)
	}, Random: func() float64 { return 0 }})
	defer vm.Close()
	header, err := vm.Load(t.Context(), Source{Name: "b.lua", Text: `local probe = require "probe"
return runbook { summary = "s", steps = { step("one", function()
  try(probe["do"])
  pcall(function()
    try(probe["do"])
  end)
  parallel({ 1 }, function() pcall(probe["do"]) end)
end) } }`})
	require.NoError(t, err)
	session, err := vm.Begin(nil)
	require.NoError(t, err)
	require.NoError(t, session.Step(t.Context(), &header.Steps[0]))
	assert.Equal(t, []string{"b.lua:3", "b.lua:5", "b.lua:7"}, places)
}

// A call is guarded where the script catches an error of it, however far up, and nowhere else.
func TestWhichCallsAreGuarded(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []bool
	}{
		"none":                   {`s["do"]()`, []bool{false}},
		"try, and after it":      {`try(s["do"]) s["do"]()`, []bool{true, false}},
		"pcall, far up":          {`local function f() s["do"]() end pcall(function() f() end) f()`, []bool{true, false}},
		"xpcall and its handler": {`xpcall(s.fail, function() s["do"]() end) s["do"]()`, []bool{true, true, false}},
		"nested":                 {`pcall(function() try(s["do"]) s["do"]() end)`, []bool{true, true}},
		"a thread used again":    {`for _ = 1, 3 do pcall(function() end) end parallel({1}, function() s["do"]() end)`, []bool{false}},
		"a group in pcall":       {`pcall(parallel, {1}, function() s["do"]() end)`, []bool{true}},
		"a group that collects":  {`parallel({1}, {on_error = "continue"}, function() s["do"]() end) s["do"]()`, []bool{true, false}},
		"pcall in a group":       {`parallel({1}, function() pcall(s["do"]) s["do"]() end)`, []bool{true, false}},
		"a coroutine":            {`local co = coroutine.create(function() s["do"]() coroutine.yield() s["do"]() end) coroutine.resume(co) pcall(coroutine.resume, co) s["do"]()`, []bool{true, true, false}},
		"a wrapped coroutine":    {`local f = coroutine.wrap(function() s["do"]() coroutine.yield() s["do"]() end) pcall(f) f()`, []bool{true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			_, err := f.eval(`local s = require "site" ` + c.text)
			require.NoError(t, err)
			assert.Equal(t, c.want, f.guarded)
		})
	}
}
