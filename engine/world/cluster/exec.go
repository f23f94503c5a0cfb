package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream/wsstream"

	"runbook/engine/command/shell"
	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

// exec runs a command in a container: the scenario says what comes of it.
func (c *Cluster) exec(q *request) (answer, error) {
	if wsstream.IsWebSocketRequest(q.http) { // who may merely look at a pod must not run something in it
		create := q.call
		create.Verb = "create"
		if err := c.authorize(q.user, create); err != nil {
			return answer{}, err
		}
	}
	pod := c.store.Get(q.key())
	if pod == nil {
		return answer{}, q.absent()
	}
	name, err := container(pod, q.query.Get("container"))
	if err != nil {
		return answer{}, err
	}
	argv := q.query["command"]
	switch {
	case workload.Text(pod, "spec", "nodeName") == "":
		return answer{}, apierrors.NewBadRequest(fmt.Sprintf("pod %s does not have a host assigned", nameOf(pod)))
	case len(argv) == 0:
		return answer{}, apierrors.NewBadRequest("you must specify at least one command for the container")
	case !wsstream.IsWebSocketRequest(q.http):
		return answer{}, apierrors.NewBadRequest("Upgrade request required: the simulated cluster speaks websocket, and no SPDY")
	case workload.Dig(containerStatus(pod, name), "state", "running") == nil:
		return answer{code: http.StatusInternalServerError, text: fmt.Sprintf("container not found (%q)\n", name)}, nil
	}
	said := c.command(pod, name, argv)
	return answer{stream: func(w http.ResponseWriter) int { return c.run(w, q, said) }}, nil
}

// command is the scenario's answer for a command; without one it is a program that is not there.
func (c *Cluster) command(pod Object, container string, argv []string) scenario.Answer {
	if w, inner, ok := shell.Parse(argv); ok {
		return c.supervised(pod, container, w, inner)
	}
	return c.plain(pod, container, argv)
}

func selects(pods string, pod Object) bool {
	selector, err := labels.Parse(pods)
	return err == nil && selector.Matches(labelsOf(pod, "metadata", "labels"))
}

func (c *Cluster) plain(pod Object, container string, argv []string) scenario.Answer {
	for _, one := range c.cfg.Section.Commands {
		if c.answers(one, pod, container, argv) {
			return one.Answer
		}
	}
	return scenario.Answer{ExitCode: 127, Stderr: fmt.Sprintf("OCI runtime exec failed: exec failed: unable to start container process: "+
		"exec: %q: executable file not found in $PATH: unknown\n", argv[0])}
}

// The channels of a connection to a command.
const (
	stdin = iota
	stdout
	stderr
	errorChannel
	resize
	channels
)

// run upgrades the connection and tells what the command prints and how it ends.
func (c *Cluster) run(w http.ResponseWriter, q *request, said scenario.Answer) int {
	types := make([]wsstream.ChannelType, channels)
	for channel, wanted := range map[int]bool{stdin: isTrue(q.query["stdin"]), resize: true} {
		if wanted {
			types[channel] = wsstream.ReadChannel
		}
	}
	for channel, wanted := range map[int]bool{stdout: isTrue(q.query["stdout"]), stderr: isTrue(q.query["stderr"]), errorChannel: true} {
		if wanted {
			types[channel] = wsstream.WriteChannel
		}
	}
	protocol := wsstream.ChannelProtocolConfig{Binary: true, Channels: types}
	connection := wsstream.NewConn(map[string]wsstream.ChannelProtocolConfig{
		remotecommand.StreamProtocolV5Name: protocol, remotecommand.StreamProtocolV4Name: protocol,
	})
	r := q.http.WithContext(klog.NewContext(q.http.Context(), klog.Logger{})) // a client that goes is nothing to print
	_, streams, err := connection.Open(w, r)
	if err != nil {
		return http.StatusBadRequest // the library has answered
	}
	defer connection.Close() //nolint:errcheck // whoever is at the other end has all that there is
	if said.Takes > 0 && c.cfg.Sleep != nil && c.cfg.Sleep(r.Context(), said.Takes) != nil {
		return http.StatusSwitchingProtocols
	}
	status, err := json.Marshal(exitStatus(said.ExitCode))
	if err != nil {
		return http.StatusSwitchingProtocols
	}
	for channel, text := range map[int]string{stdout: said.Stdout, stderr: said.Stderr} {
		_, _ = streams[channel].Write([]byte(text)) // whoever does not want it has gone
	}
	_, _ = streams[errorChannel].Write(status)
	return http.StatusSwitchingProtocols
}

// exitStatus is how the end of a command is told.
func exitStatus(code int) metav1.Status {
	if code == 0 {
		return metav1.Status{Status: metav1.StatusSuccess}
	}
	return metav1.Status{
		Status: metav1.StatusFailure, Reason: remotecommand.NonZeroExitCodeReason,
		Message: fmt.Sprintf("command terminated with non-zero exit code: exit status %d", code),
		Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: remotecommand.ExitCodeCauseType, Message: strconv.Itoa(code)}}},
	}
}
