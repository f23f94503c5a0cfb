package script

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// exponent is a decimal number that gopher-lua's tonumber takes for none, because there is no point in it: 1e+20.
var exponent = regexp.MustCompile(`^[+-]?[0-9]+[eE][+-]?[0-9]+$`)

// openNumbers mends what gopher-lua has otherwise than Lua 5.1: math.huge is there the largest number and not infinity, and tonumber
// reads no exponent without a point.
func openNumbers(L *lua.LState) {
	L.GetGlobal(lua.MathLibName).(*lua.LTable).RawSetString("huge", lua.LNumber(math.Inf(1)))
	plain := L.GetGlobal("tonumber").(*lua.LFunction).GFunction
	L.SetGlobal("tonumber", L.NewFunction(func(L *lua.LState) int {
		text, ok := L.Get(1).(lua.LString)
		digits := strings.TrimSpace(string(text))
		if !ok || L.OptInt(2, 10) != 10 || !exponent.MatchString(digits) {
			return plain(L)
		}
		n, err := strconv.ParseFloat(digits, 64)
		if err != nil && !math.IsInf(n, 0) {
			return plain(L)
		}
		L.Push(lua.LNumber(n))
		return 1
	}))
}
