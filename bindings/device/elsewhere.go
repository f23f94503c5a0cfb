package device

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// Elsewhere pings from another machine, by the program that is there for it.
type Elsewhere struct {
	Name    string
	Runner  command.Runner
	Knocker command.Knocker // for where that is not permitted; nil where there is no other way
	Clean   module.Secrets
}

// From are pingers for all machines: here for the one on which runbook runs, and the programs of the others. knocker is another way from one
// of them, nil if there is none.
func From(runners machine.Set[command.Runner], here Pinger, knocker func(host string) command.Knocker, clean module.Secrets) machine.Set[Pinger] {
	out := machine.Set[Pinger]{Local: here, Hosts: map[string]Pinger{}}
	for name, runner := range runners.Hosts {
		out.Hosts[name] = Elsewhere{Name: name, Runner: runner, Knocker: knocker(name), Clean: clean}
	}
	return out
}

// Pings are the commands by which Elsewhere pings.
var Pings = action.Commands{{"ping", "-n", "-q", "-c", "*", "-w", "*", "*"}}

// Command is what iputils and busybox both know. They end by themselves, and say then what came back.
func (Elsewhere) Command(address string, q Query) []string {
	return []string{"ping", "-n", "-q", "-c", strconv.Itoa(q.Count), "-w", strconv.Itoa(seconds(q.Timeout)), address}
}

// seconds are whole ones: busybox knows no others.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// lookup is how long a program may take to find the address of a name, which its own limit does not bound.
const lookup = 5 * time.Second

// Ping is that of a Pinger. Where the program is not there, or is not let, a port is tried.
func (e Elsewhere) Ping(ctx context.Context, address string, q Query) (Echo, error) {
	argv := e.Command(address, q)
	within, cancel := module.OutsideOf(ctx).WithTimeout(ctx, time.Duration(seconds(q.Timeout))*time.Second+lookup)
	defer cancel()
	out := command.NewOutput(command.DefaultLimit)
	code, err := e.Runner.Run(within, argv, out.Streams())
	line := command.Line(argv) + " on " + e.Name
	late := func() *action.Error { return action.Errorf(action.CodeTimeout, "%s did not end", line) }
	if e := command.NotEnded(ctx, err, line, action.CodeTimeout, late); e != nil {
		return Echo{}, e
	}
	result := out.Result(code, e.Clean.String)
	complaint := strings.TrimSpace(result.Stderr)
	switch echo, told := readPing(result.Stdout); {
	case e.Knocker != nil && errors.Is(err, command.ErrUnrunnable):
		return byTCP(ctx, e.Knocker, address, q, err.Error())
	case errors.Is(err, command.ErrUnrunnable):
		return Echo{}, action.Errorf(action.CodeOf(err), "%s, and a pod has no other way to ask an address", err).Try("%s", elsewhere)
	case err != nil:
		return Echo{}, err
	case told:
		return echo, nil
	case !unfit.MatchString(complaint):
	case e.Knocker == nil:
		return Echo{}, action.Errorf(action.CodeUnavailable, "its ping says %q, and a pod has no other way to ask an address", complaint).Try("%s", elsewhere)
	default:
		first, _, _ := strings.Cut(complaint, "\n")
		return byTCP(ctx, e.Knocker, address, q, "ICMP is not permitted there: "+first)
	}
	return Echo{}, fmt.Errorf("its ping says %q, with exit code %d", cmp.Or(complaint, strings.TrimSpace(result.Stdout)), code)
}

// elsewhere is what to do where the only way to ask is a ping that cannot be used.
const elsewhere = `take an image for it that has ping, with the capability NET_RAW, or ask from another host: from = "` + machine.Local +
	`" is the machine on which runbook itself runs`

// unfit is how a ping says that it may not, or knows other options.
var unfit = regexp.MustCompile(`(?i)permi|denied|root\?|privilege|usage:|(invalid|illegal|unrecognized|unknown) option`)

// The lines in which a ping sums up, whatever its language: two numbers before a share in percent, and three times in milliseconds.
var (
	counted = regexp.MustCompile(`^[^\d%]*(\d+)[^\d%]*,[^\d%]*(\d+)\b.*\d%`)
	took    = regexp.MustCompile(`= ([\d.]+)/([\d.]+)/([\d.]+)(?:/[\d.]+)? ms`)
)

// readPing reads what a ping sums up; told is false if it does not.
func readPing(text string) (echo Echo, told bool) {
	for line := range strings.Lines(text) {
		if m := counted.FindStringSubmatch(line); m != nil && !told {
			sent, errSent := strconv.Atoi(m[1])
			received, errReceived := strconv.Atoi(m[2])
			told = errors.Join(errSent, errReceived) == nil
			echo.Sent, echo.Received = sent, received
		}
		if m := took.FindStringSubmatch(line); m != nil && told {
			echo.Least, echo.Mean, echo.Most = milliseconds(m[1]), milliseconds(m[2]), milliseconds(m[3])
		}
	}
	echo.Method = ICMP
	return echo, told
}

func milliseconds(text string) time.Duration {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n * float64(time.Millisecond))
}
