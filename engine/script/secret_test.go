package script

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

const hidden = "hunter2-of-the-cluster"

// withSecret is a fixture with a secret as the global s.
func withSecret(t *testing.T) *fixture {
	f := newFixture(t)
	f.vm.enter(f.vm.state)
	defer f.vm.leave()
	s, err := f.vm.toLua(action.NewSecret(hidden))
	require.NoError(t, err)
	f.vm.state.SetGlobal("s", s)
	return f
}

// A script can pass a secret on, and put it together with text.
func TestASecretIsPassedOn(t *testing.T) {
	for chunk, want := range map[string]string{
		`return s`:                                           hidden,
		`return "Bearer " .. s`:                              "Bearer " + hidden,
		`return s .. ":" .. 5`:                               hidden + ":5",
		`return s .. s`:                                      hidden + hidden,
		`return require"site".echo(s)`:                       hidden,
		`return copy({ s })[1]`:                              hidden,
		`local t = { [s] = 1 } return (next(t))`:             hidden,
		`return select(2, pcall(error, s)) and s`:            hidden,
		`local _, r = try(function() return s end) return s`: hidden,
	} {
		got, err := withSecret(t).eval(chunk)
		require.NoError(t, err, chunk)
		require.Equal(t, action.NewSecret(want), got, chunk)
	}
	for _, chunk := range []string{
		`return s == s .. ""`, `return s ~= s .. "x"`, `return type(s) == "secret"`, `return tostring(s) == "[secret]"`,
		`return string.format("%s", s) == "[secret]"`, `return getmetatable(s) == "secret"`, `return s ~= "` + hidden + `"`,
	} {
		got, err := withSecret(t).eval(chunk)
		require.NoError(t, err, chunk)
		require.Equal(t, true, got, chunk)
	}
}

// Whatever else it does, it does not get to see it: not in a result, and not in an error.
func TestASecretIsNotLookedInto(t *testing.T) {
	for _, chunk := range []string{
		`return tostring(s)`, `return #s`, `return s.text`, `s.text = 1`, `return s:len()`, `return s()`, `return s < s`, `return s <= "x"`,
		`return string.len(s)`, `return string.sub(s, 1, 1)`, `return string.byte(s)`, `return string.rep(s, 2)`, `return string.reverse(s)`,
		`return string.upper(s)`, `return string.find(s, "h")`, `return string.match(s, ".")`, `return string.gsub(s, ".", "%0")`,
		`return string.gsub("x", "x", s)`, `return string.format("%q", s)`, `return string.format("%d", s)`, `return table.concat({ s })`,
		`return tonumber(s)`, `return s + 1`, `return -s`, `error(s)`, `error("x" .. s)`, `error({ message = s })`, `return s .. {}`, `return s .. nil`,
		`return setmetatable(s, {})`, `return pairs(s)`, `for k in ipairs(s) do end`, `return next(s)`, `return unpack(s)`, `return rawget(s, 1)`,
		`return math.floor(s)`, `return require(s)`, `return select(s)`, `return s % 1`, `assert(false, s)`, `local _, e = pcall(error, s) return tostring(e)`,
		`local _, e = pcall(function() return s.x end) return tostring(e)`, `parallel({ s }, function() error("no") end)`,
	} {
		got, err := withSecret(t).eval(chunk)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", got, got, got), hidden, chunk)
		if err != nil {
			assert.NotContains(t, fmt.Sprintf("%v %+v", err, err), hidden, chunk)
		}
		assert.NotContains(t, fmt.Sprint(got), hidden[:6], chunk)
	}
}
