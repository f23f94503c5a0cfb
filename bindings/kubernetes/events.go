package kubernetes

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// eventTime bounds how long leaving an event may hold up the action that it is about.
const eventTime = 3 * time.Second

// leaveEvent records on the target that this run changed it, for whoever looks at the object without knowing of runbook. It is a
// courtesy: a failure (no right to create events, a namespace that is going away) changes nothing about the action's success.
func (b *binding) leaveEvent(ctx context.Context, target object, reason, format string, args ...any) {
	ctx, cancel := module.OutsideOf(ctx).WithTimeout(ctx, eventTime)
	defer cancel()
	message := fmt.Sprintf(format, args...) + " by runbook run " + b.Run
	if user := b.user.name(ctx, b); user != "" {
		message += " for " + user
	}
	body, err := encode(b.event(ctx, target, reason, b.Secrets.String(message)))
	if err != nil {
		return
	}
	events := address{kind: mustBuiltin("events"), namespace: eventNamespace(target)}
	r := events.request(http.MethodPost, "create", "leave an event in")
	r.body, r.mutates = body, true
	_, _ = b.send(ctx, r) // best effort, as said above
}

func (b *binding) event(ctx context.Context, target object, reason, message string) object {
	now := b.now(ctx).UTC().Format(time.RFC3339)
	return object{
		"apiVersion": "v1", "kind": "Event", "type": "Normal", "reason": reason, "message": message, "count": 1,
		"firstTimestamp": now, "lastTimestamp": now,
		"source":             object{"component": "runbook"},
		"reportingComponent": "runbook",
		"metadata": object{
			"name":      nameOf(target) + "." + strings.ToLower(rand.Text()[:16]),
			"namespace": eventNamespace(target),
		},
		"involvedObject": object{
			"apiVersion": workload.Text(target, "apiVersion"), "kind": workload.Text(target, "kind"),
			"namespace": namespaceOf(target), "name": nameOf(target), "uid": uidOf(target),
		},
	}
}

// eventNamespace is where the server wants events about an object: those about the cluster itself go to "default".
func eventNamespace(target object) string { return cmp.Or(namespaceOf(target), "default") }

// A caller is who the cluster takes us for, asked once.
type caller struct {
	mu    sync.Mutex
	known string
}

func (c *caller) name(ctx context.Context, b *binding) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != "" {
		return c.known
	}
	answer, err := b.send(ctx, request{
		purpose: "ask the cluster who we are", verb: "create", method: http.MethodPost,
		path:   "/apis/authentication.k8s.io/v1/selfsubjectreviews",
		target: action.Target{System: system, Kind: "selfsubjectreviews.authentication.k8s.io"},
		body:   []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`),
	})
	if err == nil {
		c.known = gjson.GetBytes(answer, "status.userInfo.username").String()
	}
	return c.known
}
