package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// strFormat is format(template, ...), which is C's printf for numbers and strings.
func strFormat(L *lua.LState) int {
	template, out := L.CheckString(1), strBuilder{L: L}
	for arg := 2; ; {
		before, after, found := strings.Cut(template, "%")
		out.add(before)
		if !found {
			break
		}
		if template, found = strings.CutPrefix(after, "%"); found {
			out.add("%")
			continue
		}
		var spec strSpec
		spec, template = strParseSpec(L, after)
		out.add(spec.format(L, arg))
		arg++
	}
	L.Push(lua.LString(out.String()))
	return 1
}

// A strSpec is one conversion of a format, such as %-8.3f.
type strSpec struct {
	flags     string // any of "-+ #0"
	width     int    // at least so many bytes
	precision int    // -1 if not given
	verb      string // one byte, or none at the end of the format
}

// strParseSpec reads a conversion and returns it with what follows. As in Lua, width and precision have two digits at the most.
func strParseSpec(L *lua.LState, s string) (spec strSpec, rest string) {
	const maxFlags = 5
	rest = strings.TrimLeft(s, "-+ #0")
	spec.flags = s[:len(s)-len(rest)]
	if len(spec.flags) > maxFlags {
		L.RaiseError("invalid format (repeated flags)")
	}
	spec.width, rest = strTwoDigits(L, rest)
	spec.precision = -1
	if after, found := strings.CutPrefix(rest, "."); found {
		spec.precision, rest = strTwoDigits(L, after)
	}
	length := min(len(rest), 1)
	spec.verb = rest[:length]
	return spec, rest[length:]
}

func strTwoDigits(L *lua.LState, s string) (n int, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(rest)]
	if len(digits) > 2 {
		L.RaiseError("invalid format (width or precision too long)")
	}
	n, _ = strconv.Atoi("0" + digits)
	return n, rest
}

func (spec strSpec) has(flag string) bool { return strings.Contains(spec.flags, flag) }

// format is the argument with that number as the conversion wants it.
func (spec strSpec) format(L *lua.LState, arg int) string {
	if arg > L.GetTop() {
		L.ArgError(arg, "no value")
	}
	switch spec.verb {
	case "d", "i":
		return spec.signed(L, arg)
	case "o":
		return spec.unsigned(strUnsigned(L, arg), 8)
	case "u":
		return spec.unsigned(strUnsigned(L, arg), 10)
	case "x", "X":
		return spec.unsigned(strUnsigned(L, arg), 16)
	case "e", "E", "f", "g", "G":
		return spec.float(float64(L.CheckNumber(arg)))
	case "c":
		return spec.pad("", string([]byte{byte(strInt(L, arg))}), false)
	case "q":
		return strQuote(L.CheckString(arg))
	case "s":
		return spec.text(strText(L, arg))
	default:
		L.RaiseError("invalid option '%%%s' to 'format'", spec.verb)
		return ""
	}
}

// signed is a number without its fraction, in decimal.
func (spec strSpec) signed(L *lua.LState, arg int) string {
	n := strWhole(L, arg, math.MinInt64, math.MaxInt64)
	return spec.pad(spec.sign(n < 0), spec.digits(uint64(math.Abs(n)), 10), spec.precision < 0)
}

func (spec strSpec) unsigned(n uint64, base int) string {
	digits, prefix := spec.digits(n, base), ""
	switch {
	case spec.has("#") && base == 8 && !strings.HasPrefix(digits, "0"):
		digits = "0" + digits
	case spec.has("#") && base == 16 && n != 0:
		prefix = "0x"
	}
	text := spec.pad(prefix, digits, spec.precision < 0)
	if spec.verb == "X" {
		return strings.ToUpper(text)
	}
	return text
}

// digits are at least as many as the precision says; a precision of 0 makes nothing of 0.
func (spec strSpec) digits(n uint64, base int) string {
	if n == 0 && spec.precision == 0 {
		return ""
	}
	digits := strconv.FormatUint(n, base)
	return strings.Repeat("0", max(spec.precision-len(digits), 0)) + digits
}

// float is a number as C writes it, which is as Go does but for inf and nan. A nan has no sign.
func (spec strSpec) float(f float64) string {
	switch {
	case math.IsNaN(f):
		return spec.pad(spec.sign(false), spec.word("nan"), false)
	case math.IsInf(f, 0):
		return spec.pad(spec.sign(f < 0), spec.word("inf"), false)
	}
	precision := spec.precision
	if precision < 0 {
		precision = 6
	}
	verb := "%.*" + spec.verb
	if spec.has("#") {
		verb = "%#.*" + spec.verb
	}
	return spec.pad(spec.sign(math.Signbit(f)), fmt.Sprintf(verb, precision, math.Abs(f)), true)
}

func (spec strSpec) word(s string) string {
	if spec.verb == "E" || spec.verb == "G" {
		return strings.ToUpper(s)
	}
	return s
}

func (spec strSpec) text(s string) string {
	if spec.precision >= 0 {
		s = s[:min(spec.precision, len(s))]
	}
	return spec.pad("", s, false)
}

func (spec strSpec) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case spec.has("+"):
		return "+"
	case spec.has(" "):
		return " "
	default:
		return ""
	}
}

// pad brings a prefix and a body to the width, with zeros between them if the conversion and its flags have it so.
func (spec strSpec) pad(prefix, body string, zeros bool) string {
	missing := max(spec.width-len(prefix)-len(body), 0)
	switch {
	case spec.has("-"):
		return prefix + body + strings.Repeat(" ", missing)
	case zeros && spec.has("0"):
		return prefix + strings.Repeat("0", missing) + body
	default:
		return strings.Repeat(" ", missing) + prefix + body
	}
}

// strText is what %s makes of an argument. Beyond the strings and numbers of Lua 5.1 it takes booleans and whatever has a
// __tostring. It refuses nil, where a value is missing, and what would print as an address, which is another one in every run.
func strText(L *lua.LState, arg int) string {
	v := L.Get(arg)
	if v.Type() == lua.LTBool || L.GetMetaField(v, "__tostring") != lua.LNil {
		v = L.ToStringMeta(v)
		if _, ok := v.(lua.LString); !ok {
			L.RaiseError("'__tostring' must return a string")
		}
		return v.String()
	}
	return L.CheckString(arg)
}

// strQuote is a string as a Lua program would write it.
func strQuote(s string) string {
	return `"` + strQuoter.Replace(s) + `"`
}

var strQuoter = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", "\\\n", "\r", `\r`, "\x00", `\000`)
