package script

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func TestNumbersAreThoseOfLua(t *testing.T) {
	L := strState(t)
	open(L, lua.MathLibName, lua.OpenMath)
	openNumbers(L)
	for expression, want := range map[string]string{
		`math.huge == 1 / 0`:      "true",
		`-math.huge == -1 / 0`:    "true",
		`tonumber("1e+20")`:       "1e+20",
		`tonumber("1e20", 10)`:    "1e+20",
		`tonumber(" 1E3 ")`:       "1000",
		`tonumber("-5e-1")`:       "-0.5",
		`tonumber("1e999")`:       "+Inf",
		`tonumber("2.5e3")`:       "2500",
		`tonumber("0x10")`:        "16",
		`tonumber("1e2", 16)`:     "482",
		`tonumber("12")`:          "12",
		`tonumber(12)`:            "12",
		`tonumber("e5")`:          "nil",
		`tonumber("1e")`:          "nil",
		`tonumber("1e5x")`:        "nil",
		`tonumber("")`:            "nil",
		`tonumber(nil)`:           "nil",
		`tonumber({})`:            "nil",
		`pcall(tonumber) == true`: "false",
	} {
		got, err := strEval(L, expression)
		require.NoError(t, err, expression)
		assert.Equal(t, want, got, expression)
	}
}
