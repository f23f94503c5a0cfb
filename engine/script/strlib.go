package script

import (
	"context"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/script/pattern"
)

// strResultMax is the length in bytes of the longest string that a function of the string library makes: 64 MiB.
const strResultMax = 64 << 20

// openString puts bounded functions in the place of those of gopher-lua's string library that can run or allocate without end, and
// removes dump. They do what section 5.4 of the Lua 5.1 Reference Manual says and follow lstrlib.c where it says nothing; functions
// that differ say so. They go into the same table, which is also the metatable of all strings.
//
// Three more are replaced because gopher-lua has them wrong: upper and lower work on runes there and damage bytes that are not UTF-8,
// and byte without an index returns all bytes.
func openString(L *lua.LState) {
	lib := L.GetGlobal(lua.StringLibName).(*lua.LTable)
	L.SetFuncs(lib, map[string]lua.LGFunction{
		"find":   strFind,
		"match":  strMatch,
		"gmatch": strGmatch,
		"gfind":  strGmatch, // its name in Lua 5.0
		"gsub":   strGsub,
		"rep":    strRep,
		"format": strFormat,
		"byte":   strByte,
		"upper":  strUpper,
		"lower":  strLower,
	})
	lib.RawSetString("dump", lua.LNil)
}

// strFind is find(s, pattern [, init [, plain]]): the first and the last byte of the first match and its captures, or nil.
func strFind(L *lua.LState) int {
	s, text, init := L.CheckString(1), L.CheckString(2), strInit(L)
	if L.ToBool(4) || pattern.IsLiteral(text) {
		return strFindPlain(L, s, text, init)
	}
	m := strFirst(L, s, text, init)
	if m == nil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(m.Start + 1))
	L.Push(lua.LNumber(m.End))
	for _, c := range m.Captures {
		L.Push(strCapture(s, c))
	}
	return 2 + len(m.Captures)
}

func strFindPlain(L *lua.LState, s, text string, init int) int {
	i := strings.Index(s[init:], text)
	if i < 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(init + i + 1))
	L.Push(lua.LNumber(init + i + len(text)))
	return 2
}

// strMatch is match(s, pattern [, init]): the captures of the first match, the whole match if the pattern has none, or nil.
func strMatch(L *lua.LState) int {
	s := L.CheckString(1)
	m := strFirst(L, s, L.CheckString(2), strInit(L))
	if m == nil {
		L.Push(lua.LNil)
		return 1
	}
	return strPushCaptures(L, s, m)
}

// strGmatch is gmatch(s, pattern): an iterator over the captures of all matches. In its pattern ^ is a byte like any other.
func strGmatch(L *lua.LState) int {
	s := L.CheckString(1)
	p, err := pattern.CompileUnanchored(L.CheckString(2))
	strRaise(L, err)
	scanner := p.Scan(s, 0)
	L.Push(L.NewFunction(func(L *lua.LState) int {
		m := strNext(L, scanner)
		if m == nil {
			return 0
		}
		return strPushCaptures(L, s, m)
	}))
	return 1
}

// strFirst returns the first match at or after byte init of s, or nil.
func strFirst(L *lua.LState, s, text string, init int) *pattern.Match {
	p, err := pattern.Compile(text)
	strRaise(L, err)
	return strNext(L, p.Scan(s, init))
}

func strNext(L *lua.LState, scanner *pattern.Scanner) *pattern.Match {
	ctx := L.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	m, err := scanner.Next(ctx)
	strRaise(L, err)
	return m
}

// strInit is the third argument of find and match as an offset in the first.
func strInit(L *lua.LState) int {
	length := len(L.CheckString(1))
	return min(max(strPosition(L, 3, 1, length)-1, 0), length)
}

// strPosition is an optional argument that counts bytes from 1, or from the end if it is negative.
func strPosition(L *lua.LState, arg, byDefault, length int) int {
	position := strOptInt(L, arg, byDefault)
	if position < 0 {
		position = max(position+length+1, 0)
	}
	return position
}

func strPushCaptures(L *lua.LState, s string, m *pattern.Match) int {
	captures := strCaptures(m)
	for _, c := range captures {
		L.Push(strCapture(s, c))
	}
	return len(captures)
}

// strCaptures are the captures of a match; a match without any counts as one.
func strCaptures(m *pattern.Match) []pattern.Capture {
	if len(m.Captures) == 0 {
		return []pattern.Capture{{Start: m.Start, End: m.End}}
	}
	return m.Captures
}

// strCapture is a capture of s as Lua sees it: a string, or a position counted from 1.
func strCapture(s string, c pattern.Capture) lua.LValue {
	if c.IsPosition() {
		return lua.LNumber(c.Start + 1)
	}
	return lua.LString(s[c.Start:c.End])
}

// strGsub is gsub(s, pattern, replacement [, max]): s with its matches, at most max of them, replaced, and their number. The
// replacement is a string, a table or a function; an object from outside will do as a table.
func strGsub(L *lua.LState) int {
	s, text := L.CheckString(1), L.CheckString(2)
	replacement, limit := strReplacement(L), strOptInt(L, 4, math.MaxInt)
	p, err := pattern.Compile(text)
	strRaise(L, err)
	scanner, out := p.Scan(s, 0), strBuilder{L: L}
	copied, count := 0, 0
	for count < limit {
		m := strNext(L, scanner)
		if m == nil {
			break
		}
		out.add(s[copied:m.Start])
		replacement(&out, s, m)
		copied = m.End
		count++
	}
	out.add(s[copied:])
	L.Push(lua.LString(out.String()))
	L.Push(lua.LNumber(count))
	return 2
}

// A strReplacer adds to the result what takes the place of a match of s.
type strReplacer func(out *strBuilder, s string, m *pattern.Match)

// strReplacement is the third argument of gsub.
func strReplacement(L *lua.LState) strReplacer {
	switch v := L.Get(3).(type) {
	case lua.LString, lua.LNumber:
		template := v.String()
		return func(out *strBuilder, s string, m *pattern.Match) { strExpand(out, template, s, m) }
	case *lua.LTable, *lua.LUserData:
		return func(out *strBuilder, s string, m *pattern.Match) {
			strReplace(out, L.GetTable(v, strCapture(s, strCaptures(m)[0])), s, m)
		}
	case *lua.LFunction:
		return func(out *strBuilder, s string, m *pattern.Match) {
			L.Push(v)
			L.Call(strPushCaptures(L, s, m), 1)
			result := L.Get(-1)
			L.Pop(1)
			strReplace(out, result, s, m)
		}
	default:
		L.ArgError(3, "string/function/table expected")
		return nil
	}
}

// strReplace puts the value that a table or a function gave in the place of a match; nil and false keep it as it is.
func strReplace(out *strBuilder, v lua.LValue, s string, m *pattern.Match) {
	switch {
	case lua.LVIsFalse(v):
		out.add(s[m.Start:m.End])
	case lua.LVCanConvToString(v):
		out.add(v.String())
	default:
		out.L.RaiseError("invalid replacement value (a %s)", v.Type())
	}
}

// strExpand puts a template in the place of a match: %0 is the match, %1 to %9 its captures, and % makes any other byte stand for
// itself. A % at the end is an error, as it has been since Lua 5.2; Lua 5.1 made a zero byte of it.
func strExpand(out *strBuilder, template, s string, m *pattern.Match) {
	for {
		before, after, found := strings.Cut(template, "%")
		out.add(before)
		if !found {
			return
		}
		if after == "" {
			out.L.RaiseError("invalid use of '%s' in replacement string", "%")
		}
		switch c := after[0]; {
		case c == '0':
			out.add(s[m.Start:m.End])
		case '1' <= c && c <= '9':
			out.add(strIndexed(out.L, s, m, int(c-'1')).String())
		default:
			out.add(after[:1])
		}
		template = after[1:]
	}
}

func strIndexed(L *lua.LState, s string, m *pattern.Match, index int) lua.LValue {
	captures := strCaptures(m)
	if index >= len(captures) {
		L.RaiseError("invalid capture index")
	}
	return strCapture(s, captures[index])
}

// strRep is rep(s, n): n copies of s.
func strRep(L *lua.LState) int {
	s, n := L.CheckString(1), strInt(L, 2)
	if s == "" || n <= 0 {
		L.Push(lua.LString(""))
		return 1
	}
	if n > strResultMax/len(s) {
		strTooLong(L)
	}
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

// strByte is byte(s [, first [, last]]): the numbers of those bytes, of the first one alone if last is not given.
func strByte(L *lua.LState) int {
	s := L.CheckString(1)
	first := strPosition(L, 2, 1, len(s))
	last := min(strPosition(L, 3, first, len(s)), len(s))
	first = max(first, 1)
	for i := first; i <= last; i++ {
		L.Push(lua.LNumber(s[i-1]))
	}
	return max(last-first+1, 0)
}

func strUpper(L *lua.LState) int {
	L.Push(lua.LString(strMapBytes(L.CheckString(1), 'a', 'z', 'A')))
	return 1
}

func strLower(L *lua.LState) int {
	L.Push(lua.LString(strMapBytes(L.CheckString(1), 'A', 'Z', 'a')))
	return 1
}

// strMapBytes moves the bytes from first to last so that first becomes to.
func strMapBytes(s string, first, last, to byte) string {
	out := []byte(s)
	for i, c := range out {
		if first <= c && c <= last {
			out[i] = c - first + to
		}
	}
	return string(out)
}

// strUnsigned is a number argument without its fraction as C's unsigned type has it: a negative one counts down from the largest.
func strUnsigned(L *lua.LState, arg int) uint64 {
	n := strWhole(L, arg, math.MinInt64, math.MaxUint64)
	if n < 0 {
		return uint64(int64(n))
	}
	return uint64(n)
}

// strWhole is a number argument without its fraction. What has no such value in the range is an error; in C anything could happen.
func strWhole(L *lua.LState, arg int, low, high float64) float64 {
	n := math.Trunc(float64(L.CheckNumber(arg)))
	// The upper bound is the float after the largest integer, which no float64 can hold.
	if math.IsNaN(n) || n < low || n >= high {
		L.ArgError(arg, "number has no integer representation")
	}
	return n
}

// strInt is a number argument without its fraction, brought into the range of int.
func strInt(L *lua.LState, arg int) int {
	const limit = 1 << 53
	n := float64(L.CheckNumber(arg))
	if math.IsNaN(n) {
		return 0
	}
	return int(min(max(n, -limit), limit))
}

func strOptInt(L *lua.LState, arg, byDefault int) int {
	if L.Get(arg) == lua.LNil {
		return byDefault
	}
	return strInt(L, arg)
}

// A strBuilder gathers the result of a function, and raises an error when it becomes too long.
type strBuilder struct {
	L *lua.LState
	strings.Builder
}

func (b *strBuilder) add(s string) {
	if len(s) > strResultMax-b.Len() {
		strTooLong(b.L)
	}
	b.WriteString(s)
}

func strTooLong(L *lua.LState) {
	L.RaiseError("the resulting string is too long: more than %d MiB", strResultMax>>20)
}

// strRaise throws an error into Lua, if it is one.
func strRaise(L *lua.LState, err error) {
	if err != nil {
		L.RaiseError("%s", err)
	}
}
