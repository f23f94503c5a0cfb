package device

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/driver"
	"runbook/engine/world/scenario"
)

// pingTool is the program by which a machine asks the addresses of devices, as iputils has it.
const pingTool = "ping"

// RoundTrip is how long an answer takes.
const RoundTrip = 300 * time.Microsecond

// How long it takes.
const (
	interval = time.Second
	lingers  = 10 * time.Second // for what has not come back
	endless  = 1 << 30          // questions, of who does not say how many
)

// A pinging is what a ping is told.
type pinging struct {
	address string
	count   int
	within  time.Duration // no limit if 0
}

// addressed tells whether there is anything to ping.
func (r *Rack) addressed() bool {
	return slices.ContainsFunc(r.scenario.Inventory(), func(d driver.Device) bool { return d.Address != "" })
}

// ping asks the address of a device. Who ends it before learns nothing.
func (m *machine) ping(ctx context.Context, args []string) (said scenario.Answer, ended bool) {
	p, fault := readPinging(args)
	if fault != "" {
		return scenario.Answer{ExitCode: usage, Stderr: fmt.Sprintf("ping: %s: this simulated one knows ping [-nq46] [-c COUNT] [-w SECONDS] [-W SECONDS] [-i SECONDS] ADDRESS\n", fault)}, true
	}
	answers, known := m.rack.Answers(p.address)
	if !known {
		return scenario.Answer{ExitCode: usage, Stderr: fmt.Sprintf("ping: %s: the scenario has no device at this address\n", p.address)}, true
	}
	sent, received, took := p.count, p.count, time.Duration(p.count-1)*interval+RoundTrip
	switch {
	case !answers && p.within > 0: // it goes on asking until then
		sent, received, took = int(p.within/interval), 0, p.within
	case !answers:
		received, took = 0, took+lingers
	case p.within > 0 && took > p.within:
		sent, took = int(p.within/interval), p.within
		received = sent
	}
	if m.rack.clock.Sleep(ctx, took) != nil {
		return scenario.Answer{}, false
	}
	return summed(p, sent, received, took), true
}

// summed is what a ping sums up.
func summed(p pinging, sent, received int, took time.Duration) scenario.Answer {
	text := fmt.Sprintf("PING %s (%s) 56(84) bytes of data.\n\n--- %s ping statistics ---\n%d packets transmitted, %d received, %d%% packet loss, time %dms\n",
		p.address, p.address, p.address, sent, received, 100*(sent-received)/sent, took.Milliseconds())
	if received == 0 {
		return scenario.Answer{ExitCode: 1, Stdout: text + "\n"}
	}
	ms := strconv.FormatFloat(float64(RoundTrip)/float64(time.Millisecond), 'f', 3, 64)
	return scenario.Answer{Stdout: text + fmt.Sprintf("rtt min/avg/max/mdev = %s/%s/%s/0.000 ms\n", ms, ms, ms)}
}

// readPinging reads its arguments; fault is what is wrong with them.
func readPinging(args []string) (p pinging, fault string) {
	p.count = endless
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case strings.HasPrefix(arg, "-") && strings.Trim(arg[1:], "nq46") == "" && arg != "-":
		case slices.Contains([]string{"-c", "-w", "-W", "-i"}, arg) && len(args) > 0:
			n, err := strconv.Atoi(args[0])
			if err != nil || n < 1 {
				return p, "invalid argument: '" + args[0] + "'"
			}
			args = args[1:]
			switch arg {
			case "-c":
				p.count = n
			case "-w":
				p.within = time.Duration(n) * time.Second
			}
		case p.address == "" && !strings.HasPrefix(arg, "-"):
			p.address = arg
		default:
			return p, "invalid argument: '" + arg + "'"
		}
	}
	if p.address == "" {
		return p, "usage error: Destination address required"
	}
	return p, ""
}
