package kubernetes

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// listed is an object as a script got it from a list.
func listed(t *testing.T, apiVersion, kind, uid string) json.RawMessage {
	return toRaw(t, object{"apiVersion": apiVersion, "kind": kind, "metadata": object{"name": "a", "namespace": "shop", "uid": uid}})
}

// An object that a script passes is that very one: another that has its name now is left alone.
func TestAnObjectThatWasReplacedIsLeftAlone(t *testing.T) {
	pod := object{"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": "a", "namespace": "shop", "uid": "new"},
		"spec": object{"containers": []any{object{"name": "main"}}}}
	const path = "/apis/apps/v1/namespaces/shop/deployments/a"
	answers := func(t *testing.T) map[string]http.HandlerFunc {
		return map[string]http.HandlerFunc{
			"GET " + podsPath + "/a": answerJSON(200, string(toRaw(t, pod))),
			"GET " + path:            answerJSON(200, string(listed(t, "apps/v1", "Deployment", "new"))),
			"GET " + path + "/scale": answerJSON(200, `{"metadata":{"name":"a","uid":"new"},"spec":{"replicas":3}}`),
		}
	}
	old := listed(t, "v1", "Pod", "old")
	const message = "it is gone, and another object has its name now"
	for name, call := range map[string]func(d driver) error{
		"scale": func(d driver) error {
			_, err := d.act("scale", listed(t, "apps/v1", "Deployment", "old"), 5.0).Predict(t.Context(), d.view)
			return err
		},
		"exec": func(d driver) error {
			_, err := d.act("exec", old, []any{"reboot"}).Predict(t.Context(), d.view)
			return err
		},
		"exec that only looks": func(d driver) error {
			_, err := d.tryRead("exec", old, []any{"df", "-h"})
			return err
		},
		"logs": func(d driver) error {
			_, err := d.tryRead("logs", old)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, s := stubbed(t, answers(t))
			err := call(d)
			require.ErrorContains(t, err, message)
			assert.Equal(t, action.CodeNotFound, asError(t, err).Code)
			assert.Len(t, s.requests("GET"), len(s.asked), "nothing but a look was sent")
		})
	}
	t.Run("delete", func(t *testing.T) {
		d, s := stubbed(t, answers(t))
		a := d.act("delete", old)
		p, err := a.Predict(t.Context(), d.view)
		require.NoError(t, err, "it is gone, as was wanted")
		assert.True(t, p.Unchanged)
		assert.Equal(t, false, p.Value)
		result, err := a.Apply(t.Context(), p)
		require.NoError(t, err)
		assert.Equal(t, false, result.Value)
		assert.Empty(t, s.requests("DELETE"))
	})
}

// An object was made by this run where it was made since the request and by this run's field manager.
func TestCreateSettlesByWhoMadeIt(t *testing.T) {
	const path = "/api/v1/namespaces/shop/configmaps/m"
	const since, before = "2026-11-24T03:00:01Z", "2026-11-24T02:00:00Z"
	for name, c := range map[string]struct {
		manager, operation, created string
		want                        action.Settlement
	}{
		"this run":                         {"runbook-R1", "Update", since, action.Done},
		"another run":                      {"runbook-R2", "Update", since, action.Unknown},
		"the program, of an older version": {"runbook", "Update", since, action.Unknown},
		"somebody else":                    {"kubectl", "Update", since, action.Unknown},
		"this run, by another operation":   {"runbook-R1", "Apply", since, action.Unknown},
		"this run, before":                 {"runbook-R1", "Update", before, action.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			live := object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{
				"name": "m", "namespace": "shop", "uid": "u", "creationTimestamp": c.created,
				"managedFields": []any{object{"manager": c.manager, "operation": c.operation}},
			}}
			d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + path: answerJSON(200, string(toRaw(t, live)))})
			got, err := d.act("create", opts("apiVersion", "v1", "kind", "ConfigMap", "metadata", opts("name", "m"))).Settle(t.Context(), action.Intent{Sent: testNow})
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	d, _ := stubbed(t, nil)
	got, err := d.act("create", opts("apiVersion", "v1", "kind", "ConfigMap", "metadata", opts("name", "m"))).Settle(t.Context(), action.Intent{Sent: testNow})
	require.NoError(t, err)
	assert.Equal(t, action.NotDone, got)
}
