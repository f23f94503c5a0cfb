package script

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/module"
)

// scripted runs a script and returns what it logged, and what it failed with.
func scripted(t *testing.T, text string, c *Coverage) (logged []string, failed string) {
	t.Helper()
	globals := &module.Module{Funcs: []module.Func{{
		Name: "log", Params: []module.Param{{Name: "text", Kind: module.Any}},
		Control: func(context.Context, module.Args) (any, error) { return nil, nil },
	}}}
	vm := New(t.Context(), Options{
		Globals: globals, Own: fstest.MapFS{"own.lua": {Data: []byte("local M = {}\nfunction M.used() return 1 end\nfunction M.unused()\n  return 2\nend\nreturn M\n")}},
		Random: func() float64 { return 0.5 }, Coverage: c,
		Invoke: func(_ context.Context, call Call) (any, error) {
			logged = append(logged, fmt.Sprintf("%s %s%v", call.Frame.Where, call.Frame.Branch, call.Args["text"]))
			return nil, nil
		},
	})
	defer vm.Close()
	header, err := vm.Load(t.Context(), Source{Name: "x.lua", Text: text})
	if err == nil {
		session, berr := vm.Begin(nil)
		require.NoError(t, berr)
		err = session.Step(t.Context(), &header.Steps[0])
	}
	if err != nil {
		failed = err.Error()
		if located, ok := err.(*Error); ok { //nolint:errorlint // it is returned as such
			failed += " at " + located.Where.String()
		}
	}
	return logged, failed
}

func inStep(body string) string {
	return "return runbook { summary = 's', steps = { step('One', function(run)\n" + body + "\nend) } }"
}

// locals are declarations of n locals on one line.
func locals(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "local l%d = %d ", i, i)
	}
	return b.String()
}

// A script does the same, and fails the same at the same line, whether its lines are counted or not.
func TestCountingChangesNothing(t *testing.T) {
	for name, body := range map[string]string{
		"varargs":            "local function f(...)\n  local a, b = ...\n  return select('#', ...), ...\nend\nlog({f(1, nil, 3)})\nlog((f()))",
		"tail calls":         "local function down(n)\n  if n == 0 then\n    return 'bottom'\n  end\n  return down(n - 1)\nend\nlog(down(100000))",
		"too deep":           "local function deep(n)\n  local m = deep(n + 1)\n  return m\nend\nlog(1)\ndeep(1)",
		"depth of recursion": "local deepest = 0\nlocal function deep(n)\n  deepest = n\n  local m = deep(n + 1)\n  return m\nend\npcall(deep, 1)\nlog(deepest)",
		"error lines":        "local t = nil\nlog('before')\nlocal x =\n  t.field",
		"error in a call":    "log('a')\nlocal function f()\n  error('broken')\nend\nlog(pcall(f))\nf()",
		"caught":             "local function f()\n  local x = nil + 1\nend\nlocal ok, err = pcall(f)\nlog(err)",
		"goto":               "for i = 1, 3 do\n  if i == 2 then\n    goto continue\n  end\n  log(i)\n  ::continue::\nend",
		"label at the end":   "do\n  goto done\n  local x = 1\n  ::done::\nend\nlog('after')",
		"loops":              "local n = 0\nwhile true do\n  n = n + 1\n  if n > 3 then\n    break\n  end\nend\nrepeat\n  local stop = n > 5\n  n = n + 1\nuntil stop\nlog(n)",
		"closures":           "local fs = {}\nfor i = 1, 3 do\n  local j = i\n  fs[i] = function()\n    j = j + 1\n    return j\n  end\nend\nlog({fs[1](), fs[1](), fs[2]()})",
		"coroutines":         "local co = coroutine.wrap(function(...)\n  local n = ...\n  for i = 1, n do\n    coroutine.yield(i)\n  end\nend)\nlog(co(3))\nlog(co())",
		"methods":            "local t = { n = 1 }\nfunction t:up(by)\n  self.n = self.n + by\n  return self\nend\nlog(t:up(2):up(3).n)",
		"if chains":          "for i = 1, 4 do\n  if i == 1 then\n    log('one')\n  elseif i == 2 then\n    log('two')\n  elseif i == 3 then log('three')\n  else\n    log('more')\n  end\nend",
		"names":              "local names = {}\nfor name in pairs(_G) do\n  names[#names + 1] = name\nend\ntable.sort(names)\nlog(table.concat(names, ' '))",
		"metatables":         "local t = setmetatable({}, { __index = function(_, k)\n  return k .. '!'\nend, __newindex = function(t, k, v)\n  rawset(t, k, v * 2)\nend })\nt.x = 4\nlog({ t.x, t.y })",
		"most locals":        locals(150) + "\nlocal function f()\n  return l0 + l149\nend\nlog(f())",
		"as many as it may":  "local function f()\n" + locals(199) + "\n  return l0 + l198\nend\nlog(f())",
		"too many locals":    locals(300) + "\nlog(1)",
		"many constants":     "local t = {}\n" + strings.Repeat("t[#t + 1] = 'a' .. #t\n", 5) + manyConstants() + "log(#t)\nlog(t[300])",
		"many upvalues":      locals(60) + "\nlocal function f()\n  return " + sum(60) + "\nend\nlog(f())",
		"parallel":           "local n = 0\nlocal r = parallel({ 'a', 'b', 'c' }, function(item)\n  n = n + 1\n  return item .. item\nend)\nlog(r)\nlog(n)",
		"unknown name":       "log('x')\nlogg('y')",
		"syntax":             "local = 4",
		"empty blocks":       "if true then\nend\nfor i = 1, 2 do\nend\nlocal function f()\nend\nlog({f()})",
		"required":           "local own = require 'own'\nlog(own.used())",
		"return in the mid":  "local function f()\n  do return 1 end\n  log('never')\nend\nlog(f())",
		"assignments":        "local a, b, c = 1, 2\na, b = b, a\nlocal t = { 1, 2, x = 3 }\nt[a], t.x = t.x, t[b]\nlog({ a, b, t[1], t[2] or 0 })",
	} {
		t.Run(name, func(t *testing.T) {
			plain, failedPlain := scripted(t, inStep(body), nil)
			counted, failed := scripted(t, inStep(body), &Coverage{})
			assert.Equal(t, plain, counted)
			assert.Equal(t, failedPlain, failed)
			assert.True(t, len(plain) > 0 || failed != "", "it shows something")
		})
	}
}

func manyConstants() string {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "t[#t + 1] = 'constant %d'\n", i)
	}
	return b.String()
}

func sum(n int) string {
	terms := make([]string, n)
	for i := range terms {
		terms[i] = fmt.Sprintf("l%d", i)
	}
	return strings.Join(terms, " + ")
}

func TestLinesThatWereRun(t *testing.T) {
	text := `local own = require "own"
local function never()
  log("never")
end

return runbook { summary = "s", steps = {
  step("One", function(run)
    own.used()
    for i = 1, 2 do
      if i > 2 then
        log("more")
      elseif i > 1 then log("last")
      else
        -- a comment
        log(
          "first"
        )
      end
    end
    parallel({ "a", "b" }, function(item)
      if item == "b" then
        log(item)
      end
      return item
    end)
    fail_here()
    log("after")
  end),
} }`
	c := &Coverage{}
	_, failed := scripted(t, text, c)
	assert.Contains(t, failed, `"fail_here" is not defined`)
	assert.Equal(t, []Lines{
		{File: "own.lua", Lines: []int{1, 2, 3, 4, 6}, Missed: []int{4}},
		{File: "x.lua", Lines: []int{1, 2, 3, 6, 8, 9, 10, 11, 12, 15, 20, 21, 22, 24, 26, 27}, Missed: []int{3, 11, 27}},
	}, c.Files())

	// What one run does not come to, another may.
	other := strings.Replace(text, "fail_here()", "never()    ", 1)
	_, failed = scripted(t, other, c)
	assert.Empty(t, failed)
	assert.Equal(t, []int{11}, c.Files()[1].Missed)
}

// A library is not the runbook's own, and is not counted.
func TestLibrariesAreNotCounted(t *testing.T) {
	c := &Coverage{}
	vm := New(t.Context(), Options{Libraries: fstest.MapFS{"lib.lua": {Data: []byte("return {}")}}, Random: func() float64 { return 0 }, Coverage: c})
	_, err := vm.Load(t.Context(), Source{Name: "x.lua", Text: "require 'lib'\n" + inStep("")})
	require.NoError(t, err)
	vm.Close()
	files := c.Files()
	require.Len(t, files, 1)
	assert.Equal(t, "x.lua", files[0].File)
}
