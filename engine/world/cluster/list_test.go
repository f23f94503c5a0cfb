package cluster

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"runbook/engine/workload"
)

func (r reply) names() []string {
	names := []string{}
	for _, item := range workload.Maps(r.object, "items") {
		names = append(names, nameOf(item))
	}
	return names
}

// A list that is read in pages is the list as it was when it began, whatever happens meanwhile.
func TestPagesAreOfOneMoment(t *testing.T) {
	s := newSite(t)
	for i := range 5 {
		s.apply(pod(fmt.Sprint("p", i), ""))
	}
	first := s.ask("GET", pods+"?limit=2", "")
	require.Equal(t, []string{"p0", "p1"}, first.names())
	require.Equal(t, int64(3), workload.Dig(first.object, "metadata", "remainingItemCount"))
	require.Nil(t, workload.Maps(first.object, "items")[0]["kind"], "the items of a list do not repeat their kind")
	s.apply(pod("p00", ""), pod("p9", ""))
	require.Equal(t, 200, s.ask("DELETE", pods+"/p3?gracePeriodSeconds=0", "").code)

	next := "?limit=2&continue=" + first.text("metadata.continue")
	second := s.ask("GET", pods+next, "")
	require.Equal(t, []string{"p2", "p3"}, second.names())
	require.Equal(t, first.text("metadata.resourceVersion"), second.text("metadata.resourceVersion"))
	last := s.ask("GET", pods+"?limit=2&continue="+second.text("metadata.continue"), "")
	require.Equal(t, []string{"p4"}, last.names())
	require.Empty(t, last.text("metadata.continue"))
	require.Equal(t, []string{"p0", "p00", "p1", "p2", "p4", "p9"}, s.ask("GET", pods, "").names())
	exact := s.ask("GET", pods+"?resourceVersionMatch=Exact&resourceVersion="+first.text("metadata.resourceVersion"), "")
	require.Equal(t, []string{"p0", "p1", "p2", "p3", "p4"}, exact.names())

	s.lock.Lock()
	s.store.Forget()
	s.lock.Unlock()
	expired := s.ask("GET", pods+next, "")
	require.Equal(t, 410, expired.code)
	require.Equal(t, "Expired", expired.text("reason"))
	require.Contains(t, expired.text("message"), "The provided continue parameter is too old")
	rest := s.ask("GET", pods+"?continue="+expired.text("metadata.continue"), "")
	require.Equal(t, []string{"p2", "p4", "p9"}, rest.names(), "who does not mind may go on")
	for query, code := range map[string]int{
		"continue=nonsense": 400, "resourceVersion=x": 400, "resourceVersionMatch=Exact": 422, "limit=x": 400, "resourceVersion=99999": 504,
	} {
		require.Equal(t, code, s.ask("GET", pods+"?"+query, "").code, query)
	}
}

func TestSelectors(t *testing.T) {
	s := newSite(t)
	s.apply(pod("a", `"nodeName":"n1",`), pod("b", ""),
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c","namespace":"shop","labels":{"app":"db","tier":"2"}},"spec":{"containers":[{"name":"c","image":"i"}]}}`)
	for selector, want := range map[string][]string{
		"labelSelector=app=web": {"a", "b"}, "labelSelector=app!=web": {"c"}, "labelSelector=app in (db,x)": {"c"},
		"labelSelector=app notin (db)": {"a", "b"}, "labelSelector=tier": {"c"}, "labelSelector=!tier": {"a", "b"}, "labelSelector=tier>1": {"c"},
		"fieldSelector=spec.nodeName=n1": {"a"}, "fieldSelector=spec.nodeName!=n1": {"b", "c"}, "fieldSelector=status.phase=Pending": {"a", "b", "c"},
		"fieldSelector=metadata.name=b": {"b"}, "fieldSelector=metadata.namespace=shop,status.phase!=Pending": {},
		"fieldSelector=spec.hostNetwork=false": {"a", "b", "c"},
	} {
		name, value, _ := strings.Cut(selector, "=")
		require.Equal(t, want, s.ask("GET", pods+"?"+name+"="+url.QueryEscape(value), "").names(), selector)
	}
	r := s.ask("GET", pods+"?fieldSelector=spec.color=red", "")
	require.Equal(t, 400, r.code)
	require.Equal(t, "field label not supported: spec.color", r.text("message"))
	r = s.ask("GET", deployments+"?fieldSelector=spec.replicas=1", "")
	require.Equal(t, `"spec.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"`, r.text("message"))
	r = s.ask("GET", pods+"?labelSelector=a%20b", "")
	require.Equal(t, 400, r.code)
	require.Contains(t, r.text("message"), "unable to parse requirement")
	require.Equal(t, []string{"a", "b"}, s.ask("GET", "/api/v1/pods?labelSelector=app%3Dweb", "").names(), "of every namespace")
}

func TestEventsAreFoundByWhatTheyAreAbout(t *testing.T) {
	s := newSite(t)
	r := s.ask("POST", "/api/v1/namespaces/shop/events", `{"apiVersion":"v1","kind":"Event","metadata":{"name":"e.1"},"type":"Warning",`+
		`"reason":"BackOff","message":"m","involvedObject":{"kind":"Pod","name":"p","namespace":"shop","uid":"u1"},"source":{"component":"kubelet"}}`, jsonType)
	require.Equal(t, 201, r.code, r.body)
	for selector, found := range map[string]bool{
		"involvedObject.name=p": true, "involvedObject.uid=u1,type=Warning": true, "reason=BackOff": true, "source=kubelet": true,
		"involvedObject.kind=Node": false, "type!=Warning": false,
	} {
		r := s.ask("GET", "/api/v1/events?fieldSelector="+url.QueryEscape(selector), "")
		require.Equal(t, 200, r.code, r.body)
		require.Equal(t, found, len(r.names()) == 1, selector)
	}
	r = s.ask("POST", "/api/v1/namespaces/shop/events", `{"apiVersion":"v1","kind":"Event","metadata":{"name":"e.2"},"involvedObject":{"namespace":"other"}}`, jsonType)
	require.Equal(t, 422, r.code)
	require.Contains(t, r.text("message"), "involvedObject.namespace: Invalid value: \"other\": does not match event.namespace")
}

func TestForms(t *testing.T) {
	s := newSite(t)
	s.apply(pod("a", ""))
	r := s.ask("GET", pods, "", "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
	require.Equal(t, "PartialObjectMetadataList", r.text("kind"))
	item := workload.Maps(r.object, "items")[0]
	require.Equal(t, "a", nameOf(item))
	require.Nil(t, item["spec"])
	r = s.ask("GET", pods+"/a", "", "Accept: application/yaml")
	require.Contains(t, r.body, "kind: Pod\n")
	require.Equal(t, "application/yaml", r.header.Get("Content-Type"))
	r = s.ask("GET", pods+"/a", "", "Accept: text/html")
	require.Equal(t, 406, r.code)
	require.Equal(t, "NotAcceptable", r.text("reason"))
	r = s.ask("GET", pods+"/a", "", "Accept: application/vnd.kubernetes.protobuf, */*")
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	r = s.ask("GET", pods, "", "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
	require.Equal(t, "Table", r.text("kind"))
	require.Len(t, workload.Maps(r.object, "rows"), 1)

	require.Equal(t, 404, s.ask("GET", "/api/v1/namespaces/shop/nonsense", "").code)
	require.Equal(t, 404, s.ask("GET", "/apis/nonsense/v1/things", "").code)
	require.Equal(t, 405, s.ask("PUT", pods, `{}`).code)
	require.Equal(t, 415, s.ask("PATCH", pods+"/a", `{}`, "Content-Type: text/plain").code)
	require.Equal(t, 415, s.ask("POST", pods, `x`, "Content-Type: text/plain").code)
	require.Equal(t, "ok", s.ask("GET", "/readyz", "").body)
	_, err := s.typed().CoreV1().Pods("").List(t.Context(), metav1.ListOptions{Limit: 1})
	require.NoError(t, err)
}
