package cluster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What people get wrong is refused in the words of the real server.
func TestWhatIsInvalid(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ path, body, want string }{
		{deployments, deployment("web", -1), `Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0`},
		{deployments, deployment("Web_1", 1), `Deployment.apps "Web_1" is invalid: metadata.name: Invalid value: "Web_1": a lowercase RFC 1123 subdomain must consist of`},
		{deployments, replaced(deployment("web", 1), `"matchLabels":{"app":"web"}`, `"matchLabels":{"app":"x"}`),
			"Deployment.apps \"web\" is invalid: spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"},
		{deployments, replaced(deployment("web", 1), `{"name":"web","image":"registry.example/web:1"}`, ``),
			`Deployment.apps "web" is invalid: spec.template.spec.containers: Required value`},
		{deployments, replaced(deployment("web", 1), `,"image":"registry.example/web:1"`, ``),
			`Deployment.apps "web" is invalid: spec.template.spec.containers[0].image: Required value`},
		{deployments, replaced(deployment("web", 1), `"image":`, `"ports":[{"containerPort":70000}],"image":`),
			`spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`},
		{deployments, replaced(deployment("web", 1), `"image":`, `"resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}},"image":`),
			`spec.template.spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`},
		{deployments, replaced(deployment("web", 1), `"image":`, `"volumeMounts":[{"name":"v","mountPath":"/v"}],"image":`),
			`spec.template.spec.containers[0].volumeMounts[0].name: Not found: "v"`},
		{deployments, replaced(deployment("web", 1), `"containers":`, `"restartPolicy":"Never","containers":`),
			`spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"`},
		{pods, pod("p", `"restartPolicy":"Sometimes",`), `Pod "p" is invalid: spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"`},
		{pods, replaced(pod("p", ""), `"labels":{"app":"web"}`, `"labels":{"app":"no spaces"}`), `metadata.labels: Invalid value: "no spaces"`},
		{"/apis/batch/v1/namespaces/shop/jobs", `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}`,
			`Job.batch "j" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"`},
		{"/api/v1/namespaces/shop/services", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":[{"port":0}]}}`,
			`spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive`},
		{"/api/v1/namespaces/shop/services", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{}}`, `Service "s" is invalid: spec.ports: Required value`},
		{"/api/v1/namespaces/shop/configmaps", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a b":"x"}}`, `data[a b]: Invalid value: "a b"`},
		{"/api/v1/namespaces/shop/configmaps", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}`, `ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required`},
		{"/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods"]}]}`,
			`rules[0].verbs: Required value: verbs must contain at least one value`},
		{"/apis/policy/v1/namespaces/shop/poddisruptionbudgets", `{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":1,"maxUnavailable":1}}`,
			`minAvailable and maxUnavailable cannot be both set`},
	} {
		r := s.ask("POST", c.path, c.body, jsonType)
		require.Equal(t, 422, r.code, "%s\n%s", c.body, r.body)
		require.Equal(t, "Invalid", r.text("reason"))
		require.Contains(t, r.text("message"), c.want)
		require.NotEmpty(t, r.object["details"].(Object)["causes"])
	}
}

func replaced(s, old, with string) string { return strings.Replace(s, old, with, 1) }

func TestWhatCannotBeRead(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		query, path, body, want string
		code                    int
	}{
		{"?fieldValidation=Strict", deployments, replaced(deployment("web", 1), `"replicas"`, `"replicaz"`),
			`Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replicaz"`, 400},
		{"?fieldValidation=Strict", deployments, replaced(deployment("web", 1), `"replicas":1`, `"replicas":1,"replicas":2`),
			`strict decoding error: duplicate field "spec.replicas"`, 400},
		{"", deployments, replaced(deployment("web", 1), `"replicas":1`, `"replicas":"1"`),
			`Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`, 400},
		{"", pods, replaced(pod("p", ""), `"image":"web:1"`, `"image":"web:1","resources":{"limits":{"cpu":"lots"}}`), `quantities must match the regular expression`, 400},
		{"", pods, deployment("web", 1), `Deployment in version "v1" cannot be handled as a Pod: converting (v1.Deployment) to (core.Pod): unknown conversion`, 400},
		{"", pods, replaced(pod("p", ""), `"namespace":"shop"`, `"namespace":"other"`),
			`the namespace of the provided object does not match the namespace sent on the request`, 400},
		{"", "/api/v1/namespaces/none/pods", replaced(pod("p", ""), `"namespace":"shop",`, ``), `namespaces "none" not found`, 404},
		{"", pods, `{`, `the object provided is unrecognized (must be of type Pod)`, 400},
	} {
		r := s.ask("POST", c.path+c.query, c.body, jsonType)
		require.Equal(t, c.code, r.code, "%s\n%s", c.body, r.body)
		require.Contains(t, r.text("message"), c.want)
	}
	r := s.ask("POST", deployments, replaced(deployment("web", 1), `"replicas"`, `"replicaz"`), jsonType)
	require.Equal(t, 201, r.code)
	require.Contains(t, r.header.Get("Warning"), `unknown field`)
	r = s.ask("POST", deployments+"?fieldValidation=Ignore", replaced(deployment("web2", 1), `"replicas"`, `"replicaz"`), jsonType)
	require.Equal(t, 201, r.code)
	require.Empty(t, r.header.Get("Warning"))
}

func TestGeneratedNamesAreTheSameEachTime(t *testing.T) {
	names := func() (out []string) {
		s := newSite(t)
		for range 2 {
			r := s.ask("POST", pods, replaced(pod("x", ""), `"name":"x"`, `"generateName":"job-"`), jsonType)
			require.Equal(t, 201, r.code, r.body)
			out = append(out, r.text("metadata.name"))
		}
		return out
	}
	first := names()
	require.Regexp(t, `^job-[a-z0-9]{5}$`, first[0])
	require.NotEqual(t, first[0], first[1])
	require.Equal(t, first, names())
}
