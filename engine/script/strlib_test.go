package script

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// strState is an interpreter with the base library and the string library under test.
func strState(t testing.TB) *lua.LState {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	t.Cleanup(L.Close)
	open(L, lua.BaseLibName, lua.OpenBase)
	open(L, lua.StringLibName, lua.OpenString)
	openString(L)
	return L
}

// strEval is the values of a Lua expression, as tostring has them, with | between them.
func strEval(L *lua.LState, expression string) (string, error) {
	L.SetTop(0)
	if err := L.DoString("return " + expression); err != nil {
		return "", err
	}
	var values []string
	for i := 1; i <= L.GetTop(); i++ {
		values = append(values, L.Get(i).String())
	}
	return strings.Join(values, "|"), nil
}

// strCases are Lua expressions and what they must be.
type strCases []struct{ expression, want string }

func (cases strCases) check(t *testing.T) {
	t.Helper()
	L := strState(t)
	for _, c := range cases {
		got, err := strEval(L, c.expression)
		require.NoError(t, err, c.expression)
		assert.Equal(t, c.want, got, c.expression)
	}
}

// checkErrors takes what the cases want for a part of the error message.
func (cases strCases) checkErrors(t *testing.T) {
	t.Helper()
	L := strState(t)
	for _, c := range cases {
		_, err := strEval(L, c.expression)
		assert.ErrorContains(t, err, c.want, c.expression)
	}
}

func TestStringFind(t *testing.T) {
	strCases{
		{`string.find("", "")`, "1|0"},
		{`string.find("alo", "")`, "1|0"},
		{`string.find("alo", "", 4)`, "4|3"},
		{`string.find("alo", "", 10)`, "4|3"},
		{`string.find("alo", "lo")`, "2|3"},
		{`string.find("alo", "x")`, "nil"},
		{`string.find("a.b", ".", 1, true)`, "2|2"},
		{`string.find("a.b", ".", 3, true)`, "nil"},
		{`string.find("a+b", "+", nil, true)`, "2|2"},
		{`string.find("a.b", ".", 1, false)`, "1|1"},
		{`string.find("banana", "a", -1)`, "6|6"},
		{`string.find("banana", "a", -3)`, "4|4"},
		{`string.find("banana", "b", -100)`, "1|1"},
		{`string.find("banana", "a", "3")`, "4|4"},
		{`string.find("banana", "^an", 2)`, "2|3"},
		{`string.find("key=value", "(%w+)=(%w+)")`, "1|9|key|value"},
		{`string.find("abc", "()b()")`, "2|2|2|3"},
		{`string.find(1234, 23)`, "2|3"},
		{`("a\0b"):find("\0")`, "2|2"},
		{`("a\0b"):find("%z")`, "2|2"},
	}.check(t)
}

func TestStringMatch(t *testing.T) {
	strCases{
		{`string.match("2024-05-17", "(%d+)-(%d+)-(%d+)")`, "2024|05|17"},
		{`string.match("hello", "l+")`, "ll"},
		{`string.match("hello", "x")`, "nil"},
		{`string.match("hello", "()ll()")`, "3|5"},
		{`string.match("hello", ".", -1)`, "o"},
		{`string.match("hello", "", 100)`, ""},
		{`string.match("  trim me  ", "^%s*(.-)%s*$")`, "trim me"},
		{`string.match(404, "%d")`, "4"},
		{`("x"):match(".")`, "x"},
	}.check(t)
}

func TestStringGmatch(t *testing.T) {
	L := strState(t)
	require.NoError(t, L.DoString(`
		function all(s, pattern)
			local out = ""
			for a, b in string.gmatch(s, pattern) do out = out .. tostring(a) .. "," .. tostring(b) .. ";" end
			return out
		end`))
	for expression, want := range map[string]string{
		`all("one two", "%a+")`:           "one,nil;two,nil;",
		`all("a=1, b=2", "(%w)=(%w)")`:    "a,1;b,2;",
		`all("ab", "")`:                   ",nil;,nil;,nil;",
		`all("ab", "()")`:                 "1,nil;2,nil;3,nil;",
		`all("^a a", "^a")`:               "^a,nil;",
		`all("abc", "x")`:                 "",
		`string.gmatch("ab", "%a")()`:     "a",
		`type(string.gmatch("ab", "%a"))`: "function",
		`string.gmatch("", "a")()`:        "",
		`string.gfind("ab", "b")()`:       "b",
	} {
		got, err := strEval(L, expression)
		require.NoError(t, err, expression)
		assert.Equal(t, want, got, expression)
	}
}

func TestStringGsub(t *testing.T) {
	strCases{
		{`string.gsub("hello world", "o", "0")`, "hell0 w0rld|2"},
		{`string.gsub("hello", "x", "y")`, "hello|0"},
		{`string.gsub("hello", "", "-")`, "-h-e-l-l-o-|6"},
		{`string.gsub("", "", "x")`, "x|1"},
		{`string.gsub("abc", "%w*", "x")`, "xx|2"},
		{`string.gsub("abc", "b*", "-")`, "-a--c-|4"},
		{`string.gsub("abcabc", "^abc", "x")`, "xabc|1"},
		{`string.gsub("aaa", "a", "b", 2)`, "bba|2"},
		{`string.gsub("aaa", "a", "b", 0)`, "aaa|0"},
		{`string.gsub("aaa", "a", "b", -1)`, "aaa|0"},
		{`string.gsub("aaa", "a$", "b")`, "aab|1"},

		{`string.gsub("hello world", "(%w+)", "<%1>")`, "<hello> <world>|2"},
		{`string.gsub("hello world", "(%w+) (%w+)", "%2 %1 [%0]")`, "world hello [hello world]|1"},
		{`string.gsub("abc", "%w", "%0%0")`, "aabbcc|3"},
		{`string.gsub("abc", "%w", "%1")`, "abc|3"},
		{`string.gsub("abc", "b", "%%")`, "a%c|1"},
		{`string.gsub("abc", "b", "%x")`, "axc|1"},
		{`string.gsub("abc", "()b", "%1")`, "a2c|1"},
		{`string.gsub("abc", "b", 7)`, "a7c|1"},

		{`string.gsub("$name is $age", "%$(%w+)", {name = "lua", age = 30})`, "lua is 30|2"},
		{`string.gsub("$name $other", "%$(%w+)", {name = "lua"})`, "lua $other|2"},
		{`string.gsub("ab", "%w", {a = false})`, "ab|2"},
		{`string.gsub("ab", "()", {"1", "2", "3"})`, "1a2b3|3"},
		{`string.gsub("ab", "%w", setmetatable({}, {__index = function(_, k) return k .. "!" end}))`, "a!b!|2"},

		{`string.gsub("ab", "%w", string.upper)`, "AB|2"},
		{`string.gsub("ab", "%w", function() end)`, "ab|2"},
		{`string.gsub("ab", "%w", function() return false end)`, "ab|2"},
		{`string.gsub("ab", "%w", function() return 1 end)`, "11|2"},
		{`string.gsub("a=1 b=2", "(%w)=(%w)", function(k, v) return v .. "=" .. k end)`, "1=a 2=b|2"},
		{`string.gsub("ab", "()", function(at) return at end)`, "1a2b3|3"},
		{`string.gsub("ab", "%w", function(c) return (c:gsub(".", "<%0>")) end)`, "<a><b>|2"},
	}.check(t)
}

// TestStringGsubObject: a value from outside is userdata that can be indexed, and serves as the table.
func TestStringGsubObject(t *testing.T) {
	L := strState(t)
	meta := L.NewTable()
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("<" + L.CheckString(2) + ">"))
		return 1
	}))
	L.SetGlobal("object", &lua.LUserData{Metatable: meta})
	got, err := strEval(L, `string.gsub("${pod} in ${namespace}", "%${(%w+)}", object)`)
	require.NoError(t, err)
	assert.Equal(t, "<pod> in <namespace>|2", got)
}

func TestStringFormat(t *testing.T) {
	strCases{
		{`string.format("plain %% text", 1)`, "plain % text"},
		{`string.format("%d %i %5d|%-5d|%05d|%+d|% d", 1, 2, 3, 4, 5, 6, 7)`, "1 2     3|4    |00005|+6| 7"},
		{`string.format("%d %d %d", 3.7, -3.7, "42")`, "3 -3 42"},
		{`string.format("%.3d|%5.3d|%05.1d|%.0d", 7, 7, 7, 0)`, "007|  007|    7|"},
		{`string.format("%d", -2^63)`, "-9223372036854775808"},
		{`string.format("%u %o %x %X", 42, 8, 255, 255)`, "42 10 ff FF"},
		{`string.format("%#x %#X %#o %#x %#08x", 255, 255, 8, 0, 255)`, "0xff 0XFF 010 0 0x0000ff"},
		{`string.format("%x", -1)`, "ffffffffffffffff"},
		{`string.format("%f %.2f %8.3f|%-8.1f|%+.0f", 1.5, 1.005, 3.14159, 2.25, 2.5)`, "1.500000 1.00    3.142|2.2     |+2"},
		{`string.format("%e %.2E", 12345.678, 0.00012)`, "1.234568e+04 1.20E-04"},
		{`string.format("%g %g %g %.3g %G", 0.1, 1e20, 100000, 1234.5, 1e-10)`, "0.1 1e+20 100000 1.23e+03 1E-10"},
		{`string.format("%.14g", 3.14159265358979)`, "3.1415926535898"},
		{`string.format("%#.0f %#g", 3, 1)`, "3. 1.00000"},
		{`string.format("%f %5.1f %05f %G", 1/0, -1/0, 1/0, 1/0)`, "inf  -inf   inf INF"},
		{`string.format("%f", 0/0)`, "nan"},
		{`string.format("%c%c%c", 76, 117, 97)`, "Lua"},
		{`string.format("%3c|%-3c|", 65, 66)`, "  A|B  |"},
		{`string.format("%s %s", "a", 12)`, "a 12"},
		{`string.format("%5s|%-5s|%.2s|%5.1s", "ab", "ab", "abc", "abc")`, "   ab|ab   |ab|    a"},
		{`string.format("%s", true)`, "true"},
		{`string.format("%s", setmetatable({}, {__tostring = function() return "mine" end}))`, "mine"},
		{`#string.format("%s", ("x"):rep(1000))`, "1000"},
		{`string.format("%q", 'a "b" \\ \n \r \0 \200')`, "\"a \\\"b\\\" \\\\ \\\n \\r \\000 \xc8\""},
		{`string.format("%99.99f", 1):len()`, "101"},
		{`("%d items"):format(3)`, "3 items"},
	}.check(t)
}

func TestStringOthers(t *testing.T) {
	strCases{
		{`("x"):rep(3)`, "xxx"},
		{`string.rep("ab", 0) .. string.rep("ab", -1) .. string.rep("", 1e18)`, ""},
		{`string.rep("ab", 2.9)`, "abab"},
		{`string.rep("ab", "2")`, "abab"},
		{`string.byte("abc")`, "97"},
		{`string.byte("abc", -1)`, "99"},
		{`string.byte("abc", 2, 10)`, "98|99"},
		{`string.byte("abc", -10, 2)`, "97|98"},
		{`string.byte("abc", 3, 2)`, ""},
		{`string.byte("abc", 0)`, ""},
		{`string.upper("aZ\228{")`, "AZ\xe4{"},
		{`string.lower("aZ\196[")`, "az\xc4["},
		{`string.dump`, "nil"},
	}.check(t)
}

func TestStringErrors(t *testing.T) {
	strCases{
		{`string.find("a", "(")`, "unfinished capture at position 1 of the pattern"},
		{`string.match("a", "%")`, "malformed pattern (ends with '%')"},
		{`string.gmatch("a", "[a")`, "malformed pattern (missing ']')"},
		{`string.gsub("a", "%1", "")`, "invalid capture index"},
		{`string.find("a")`, "bad argument #2 to find (string expected, got nil)"},
		{`string.find("a", "b", "c")`, "bad argument #3 to find (number expected, got string)"},

		{`string.gsub("abc", "b", "%2")`, "invalid capture index"},
		{`string.gsub("abc", "b", "%")`, "invalid use of '%' in replacement string"},
		{`string.gsub("abc", "b", true)`, "string/function/table expected"},
		{`string.gsub("abc", "b")`, "string/function/table expected"},
		{`string.gsub("abc", "b", {b = {}})`, "invalid replacement value (a table)"},
		{`string.gsub("abc", "b", function() error("mine") end)`, "mine"},

		{`string.format("%d")`, "bad argument #2 to format (no value)"},
		{`string.format("%d", "x")`, "number expected, got string"},
		{`string.format("%d", 0/0)`, "number has no integer representation"},
		{`string.format("%d", 2^63)`, "number has no integer representation"},
		{`string.format("%x", 1/0)`, "number has no integer representation"},
		{`string.format("%s", nil)`, "string expected, got nil"},
		{`string.format("%s", {})`, "string expected, got table"},
		{`string.format("%s", setmetatable({}, {__tostring = function() end}))`, "'__tostring' must return a string"},
		{`string.format("%y", 1)`, "invalid option '%y' to 'format'"},
		{`string.format("%", 1)`, "invalid option '%' to 'format'"},
		{`string.format("%100d", 1)`, "width or precision too long"},
		{`string.format("%.100f", 1)`, "width or precision too long"},
		{`string.format("%-+ #0-d", 1)`, "repeated flags"},
	}.checkErrors(t)
}

func TestStringResultsAreBounded(t *testing.T) {
	const tooLong = "the resulting string is too long: more than 64 MiB"
	strCases{
		{`string.rep("a", 1e9)`, tooLong},
		{`string.rep("ab", 1e300)`, tooLong},
		{`string.rep("a", 2^26 + 1)`, tooLong},
		{`string.gsub(("a"):rep(2^14), "a", ("b"):rep(2^13))`, tooLong},
		{`string.gsub(("a"):rep(2^20), ".*", ("%0"):rep(100))`, tooLong},
		{`string.gsub(("a"):rep(2^14), "a", function() return ("b"):rep(2^13) end)`, tooLong},
		{`string.format("%s%s", ("a"):rep(2^25), ("a"):rep(2^25 + 1))`, tooLong},
		{`string.format("%q", ("\0"):rep(2^24))`, tooLong},
	}.checkErrors(t)
	strCases{{`#string.rep("a", 2^26)`, "67108864"}}.check(t)
}

func TestStringCatastrophicPatterns(t *testing.T) {
	const tooComplex = "pattern too complex"
	began := time.Now()
	strCases{
		{`string.find(("a"):rep(100), ("a*"):rep(30) .. "b")`, tooComplex},
		{`string.match(("a"):rep(100), ("a-"):rep(30) .. "b")`, tooComplex},
		{`string.gmatch(("a"):rep(100), ("a*"):rep(30) .. "b")()`, tooComplex},
		{`string.gsub(("a"):rep(100), ("a*"):rep(30) .. "b", "")`, tooComplex},
	}.checkErrors(t)
	assert.Less(t, time.Since(began), time.Minute)
}

// TestStringCancelled calls the functions directly, because the interpreter itself stops before the first instruction.
func TestStringCancelled(t *testing.T) {
	L := strState(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	L.SetContext(ctx)
	for name, args := range map[string][]lua.LValue{
		"find":  {lua.LString("aaa"), lua.LString("a+")},
		"match": {lua.LString("aaa"), lua.LString("a+")},
		"gsub":  {lua.LString("aaa"), lua.LString("a+"), lua.LString("")},
	} {
		fn := L.GetField(L.GetGlobal(lua.StringLibName), name)
		err := L.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, args...)
		assert.ErrorContains(t, err, context.Canceled.Error(), name)
	}
}

// TestStringGsubCancelledByCallback: a replacement that is not Lua code never lets the interpreter look at the context.
func TestStringGsubCancelledByCallback(t *testing.T) {
	const matches = 100_000
	L := strState(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	L.SetContext(ctx)
	calls := 0
	callback := L.NewFunction(func(*lua.LState) int {
		calls++
		cancel()
		return 0
	})
	gsub := L.GetField(L.GetGlobal(lua.StringLibName), "gsub")
	err := L.CallByParam(lua.P{Fn: gsub, NRet: 1, Protect: true}, lua.LString(strings.Repeat("a", matches)), lua.LString("a"), callback)
	require.ErrorContains(t, err, context.Canceled.Error())
	assert.Less(t, calls, matches/10)
}

// BenchmarkStringFind compares ordinary patterns with gopher-lua's own find.
func BenchmarkStringFind(b *testing.B) {
	bounded := strState(b)
	original := lua.NewState()
	b.Cleanup(original.Close)
	for _, c := range []struct{ name, src, pattern string }{
		{"literal", "an ordinary line of a log: ERROR 17", "ERROR"},
		{"captures", "tier=web,app=photon-compiler,env=prod", "app=([%w-]+)"},
		{"date", "finished on 2024-05-17 at noon", "(%d+)%-(%d+)%-(%d+)"},
		{"trim", "   some text in the middle   ", "^%s*(.-)%s*$"},
		{"absent", "some text that has many words but no trailing space", "%s+$"},
	} {
		for name, L := range map[string]*lua.LState{"bounded": bounded, "gopher-lua": original} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				find := L.GetField(L.GetGlobal(lua.StringLibName), "find")
				b.ReportAllocs()
				for b.Loop() {
					err := L.CallByParam(lua.P{Fn: find, NRet: 1}, lua.LString(c.src), lua.LString(c.pattern))
					if err != nil {
						b.Fatal(err)
					}
					L.Pop(1)
				}
			})
		}
	}
}
