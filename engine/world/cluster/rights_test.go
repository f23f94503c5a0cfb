package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
)

const (
	reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
	viewer  = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"v","namespace":"shop"},` +
		`"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"viewer"}]}`
)

// as makes the run another user than the one who may do everything.
func (s *site) as(user string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.section.User = user
}

func TestWhatAViewerMayDo(t *testing.T) {
	s := newSite(t)
	s.apply(viewer, deployment("web", 1), pod("p", ""))
	s.as("viewer")
	require.Equal(t, 200, s.ask("GET", pods, "").code)
	require.Equal(t, 200, s.ask("GET", "/version", "").code)
	require.Equal(t, 200, s.ask("GET", "/apis", "").code)
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/api/v1/namespaces/default/pods", "", `pods is forbidden: User "viewer" cannot list resource "pods" in API group "" in the namespace "default"`},
		{"GET", "/api/v1/nodes", "", `nodes is forbidden: User "viewer" cannot list resource "nodes" in API group "" at the cluster scope`},
		{"GET", "/api/v1/namespaces/shop/secrets", "", `secrets is forbidden: User "viewer" cannot list resource "secrets" in API group "" in the namespace "shop"`},
		{"DELETE", pods + "/p", "", `pods "p" is forbidden: User "viewer" cannot delete resource "pods" in API group "" in the namespace "shop"`},
		{
			"PATCH", deployments + "/web/scale?dryRun=All", `{}`,
			`deployments.apps "web" is forbidden: User "viewer" cannot patch resource "deployments/scale" in API group "apps" in the namespace "shop"`,
		},
		{"GET", "/metrics", "", `forbidden: User "viewer" cannot get path "/metrics"`},
	} {
		r := s.ask(c.method, c.path, c.body, mergeType)
		require.Equal(t, 403, r.code, r.body)
		require.Equal(t, c.want, r.text("message"))
		require.Equal(t, "Forbidden", r.text("reason"))
	}
	require.False(t, s.mayI("delete", "pods", "shop"))
	require.True(t, s.mayI("get", "pods", "shop"))
	require.False(t, s.mayI("get", "pods", "default"))
	r := s.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", `{"spec":{"namespace":"shop"}}`, jsonType)
	require.Equal(t, 201, r.code)
	require.Greater(t, len(workload.Maps(r.object, "status", "resourceRules")), 3)
	r = s.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", `{}`, jsonType)
	require.Equal(t, "viewer", r.text("status.userInfo.username"))
	require.Equal(t, []string{"system:authenticated"}, textsOf(r.object, "status", "userInfo", "groups"))
}

func (s *site) mayI(verb, resource, namespace string) bool {
	r := s.ask("POST", reviews, `{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":`+
		`{"verb":"`+verb+`","resource":"`+resource+`","namespace":"`+namespace+`"}}}`, jsonType)
	require.Equal(s.t, 201, r.code, r.body)
	return workload.Dig(r.object, "status", "allowed") == true
}

func TestRolesOfAScenario(t *testing.T) {
	s := newSite(t)
	s.apply(`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"oncall","namespace":"shop"},"rules":[`+
		`{"apiGroups":["apps"],"resources":["deployments/scale"],"verbs":["patch","get"]},`+
		`{"apiGroups":[""],"resources":["pods"],"resourceNames":["p"],"verbs":["delete"]}]}`,
		`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"oncall","namespace":"shop"},`+
			`"roleRef":{"kind":"Role","name":"oncall"},"subjects":[{"kind":"Group","name":"oncall"},{"kind":"ServiceAccount","name":"robot"}]}`,
		deployment("web", 1), pod("p", ""), pod("q", ""))
	for _, who := range [][]string{{"Impersonate-User: x", "Impersonate-Group: oncall"}, {"Impersonate-User: system:serviceaccount:shop:robot"}} {
		with := func(more ...string) []string { return append(more, who...) }
		require.Equal(t, 200, s.ask("PATCH", deployments+"/web/scale?dryRun=All", `{"spec":{"replicas":2}}`, with(mergeType)...).code)
		require.Equal(t, 403, s.ask("PATCH", deployments+"/web?dryRun=All", `{}`, with(mergeType)...).code)
		require.Equal(t, 200, s.ask("DELETE", pods+"/p?dryRun=All", "", with()...).code)
		require.Equal(t, 403, s.ask("DELETE", pods+"/q?dryRun=All", "", with()...).code)
		require.Equal(t, 403, s.ask("DELETE", pods+"?dryRun=All", "", with()...).code)
	}
	s.as("viewer")
	r := s.ask("GET", pods, "", "Impersonate-User: admin")
	require.Equal(t, 403, r.code)
	require.Equal(t, `users "admin" is forbidden: User "viewer" cannot impersonate resource "users" in API group "" at the cluster scope`, r.text("message"))
}
