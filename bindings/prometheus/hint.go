package prometheus

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/module"
)

// grouping is a clause of an aggregation.
var grouping = regexp.MustCompile(`^(by|without)\s*\(([^()]*)\)`)

var (
	unknownFunction = regexp.MustCompile(`unknown function with name "([^"]*)"`)
	wantsRange      = regexp.MustCompile(`expected type range vector in call to function "([^"]*)"`)
)

// mendIt is what to do about a mistake of which nobody can tell what was meant.
const mendIt = "mend the expression in the script: the caret is where it stops making sense"

// hintFor says what was probably meant, "" if nobody can tell.
func hintFor(text string, position int, message string) string {
	rest := text[position:]
	if clause := grouping.FindStringSubmatch(rest); clause != nil {
		return regrouped(text[:position], clause[1], clause[2])
	}
	if found := unknownFunction.FindStringSubmatch(message); found != nil {
		if near := module.Nearest(found[1], slices.Collect(maps.Keys(parser.Functions))); near != "" {
			return fmt.Sprintf("did you mean %s(…)?", near)
		}
		return ""
	}
	if found := wantsRange.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("say over how long, in brackets: %s(x[5m])", found[1])
	}
	if strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==") && !strings.HasPrefix(rest, "=~") {
		return "two values are compared with =="
	}
	return ""
}

// regrouped is what somebody means who writes a grouping behind what does not aggregate: rate(x[5m]) by (y).
func regrouped(before, word, names string) string {
	operand := lastOperand(before)
	if operand == "" {
		return fmt.Sprintf("a grouping belongs to an aggregation: sum %s (%s) (…)", word, names)
	}
	return fmt.Sprintf("a grouping belongs to an aggregation: %s %s (%s) (%s)", aggregationOf(operand), word, names, operand)
}

// lastOperand is the call or selector at the end of what stands before a mistake, "" if there is none. What is open there is left out.
func lastOperand(text string) string {
	for start := 0; start >= 0 && start < len(text); {
		if operand := operandOf(strings.TrimSpace(text[start:])); operand != "" {
			return operand
		}
		next := strings.IndexAny(text[start:], "(,")
		if next < 0 {
			break
		}
		start += next + 1
	}
	return ""
}

// operandOf is the last operand of a whole expression.
func operandOf(text string) string {
	expr, err := newParser().ParseExpr(text)
	if err != nil {
		return ""
	}
	for {
		binary, ok := expr.(*parser.BinaryExpr)
		if !ok {
			break
		}
		expr = binary.RHS
	}
	at := expr.PositionRange()
	if _, aggregates := expr.(*parser.AggregateExpr); aggregates || int(at.End) > len(text) {
		return ""
	}
	return text[at.Start:at.End]
}

// aggregationOf is the aggregation that goes with a function: averages are not summed up.
func aggregationOf(operand string) string {
	function, _, _ := strings.Cut(operand, "(")
	for _, a := range []string{"avg", "min", "max"} {
		if function == a+"_over_time" {
			return a
		}
	}
	return "sum"
}
