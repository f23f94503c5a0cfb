package metrics

import (
	"encoding/base64"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"runbook/examples/lab/plane"
)

func TestRegistrationIsVerified(t *testing.T) {
	manifest := registration(4711, []byte("the lab's authority"))
	if strings.Contains(string(manifest), "LAB_") {
		t.Errorf("something was left open in the manifest:\n%s", manifest)
	}
	_, document, _ := strings.Cut(string(manifest), "\n---\n")
	var service apiregistration.APIService
	if err := yaml.UnmarshalStrict([]byte(document), &service); err != nil {
		t.Fatal(err)
	}
	if service.Spec.InsecureSkipTLSVerify || string(service.Spec.CABundle) != "the lab's authority" {
		t.Errorf("the API server believes %s", base64.StdEncoding.EncodeToString(service.Spec.CABundle))
	}
	to := service.Spec.Service
	if *to.Port != 4711 {
		t.Errorf("the API server asks port %d", *to.Port)
	}
	if host := to.Name + "." + to.Namespace + ".svc"; host != plane.MetricsHost {
		t.Errorf("the API server asks for %s, and the certificate is for %s", host, plane.MetricsHost)
	}
}
