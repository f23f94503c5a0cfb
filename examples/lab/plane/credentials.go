package plane

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"runbook/examples/lab/build"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/pki"
	"runbook/examples/lab/site"
)

// superuser is the group that RBAC never asks.
const superuser = "system:masters"

// stagehand is the lab itself, as it sets up the site. The audit policy leaves it out.
const stagehand = "stagehand"

// identity is a user of the API server, and the groups its certificate puts it in.
type identity struct {
	name   string
	groups []string
}

// people get a context each in the lab's kubeconfig.
var people = []identity{
	{name: "admin", groups: []string{superuser}},
	{name: "oncall"},
	{name: "viewer"},
}

// components get a kubeconfig of their own, by the name of the file.
var components = map[string]identity{
	build.ControllerManager: {name: "system:kube-controller-manager"},
	build.Scheduler:         {name: "system:kube-scheduler"},
	build.Kwok:              {name: "system:lab:kwok", groups: []string{superuser}},
	build.MetricsServer:     {name: "system:lab:metrics-server"},
	stagehand:               {name: "system:lab:stagehand", groups: []string{superuser}},
}

// The files below DIR/pki that component flags name.
const (
	etcdClientName = "etcd-client"
	// The API server shows this certificate where it hands a request on. Its authority is one of its own: whoever
	// shows one of these may say for whom he asks.
	frontProxyName   = "front-proxy-client"
	frontProxyCAFile = "front-proxy-ca.crt"
	tokenKeyFile     = "service-account.key"
	tokenPublicFile  = "service-account.pub"
)

// MetricsHost is the name by which the API server asks for the metrics server: that of its Service.
const MetricsHost = "metrics-server.kube-system.svc"

// writeCredentials makes a new authority and everything it signs: a lab never reuses the keys of an earlier one.
func writeCredentials(dir layout.Dir, apiServer string) error {
	authority, err := pki.NewAuthority()
	if err != nil {
		return err
	}
	if err := writeServerFiles(dir, authority); err != nil {
		return fmt.Errorf("write the lab's certificates to %s: %w", dir.PKI(), err)
	}
	for file, who := range components {
		config := newKubeconfig(apiServer, authority)
		if err := addContext(config, authority, file, who); err != nil {
			return err
		}
		if err := clientcmd.WriteToFile(*config, dir.ComponentKubeconfig(file)); err != nil {
			return fmt.Errorf("write the kubeconfig of %s: %w", file, err)
		}
	}
	return writePeople(dir, apiServer, authority)
}

func writePeople(dir layout.Dir, apiServer string, authority *pki.Authority) error {
	config := newKubeconfig(apiServer, authority)
	for _, who := range people {
		if err := addContext(config, authority, "lab-"+who.name, who); err != nil {
			return err
		}
	}
	config.CurrentContext = "lab-admin"
	if err := clientcmd.WriteToFile(*config, dir.Kubeconfig()); err != nil {
		return fmt.Errorf("write the lab's kubeconfig: %w", err)
	}
	return nil
}

func writeServerFiles(dir layout.Dir, authority *pki.Authority) error {
	serving, err := authority.Server("lab", MetricsHost)
	if err != nil {
		return err
	}
	etcdClient, err := authority.Client("kube-apiserver")
	if err != nil {
		return err
	}
	kubeletClient, err := authority.Client("kube-apiserver-kubelet-client")
	if err != nil {
		return err
	}
	frontProxyAuthority, err := pki.NewAuthority()
	if err != nil {
		return err
	}
	frontProxy, err := frontProxyAuthority.Client(frontProxyName)
	if err != nil {
		return err
	}
	private, public, err := pki.SigningKey()
	if err != nil {
		return err
	}
	in := func(file string) string { return filepath.Join(dir.PKI(), file) }
	files := map[string][]byte{
		dir.Authority():        authority.Certificate,
		dir.Serving():          serving.Certificate,
		dir.ServingKey():       serving.Key,
		dir.KubeletClient():    kubeletClient.Certificate,
		dir.KubeletClientKey(): kubeletClient.Key,
		in(frontProxyCAFile):   frontProxyAuthority.Certificate,
		in(tokenKeyFile):       private,
		in(tokenPublicFile):    public,
	}
	for name, pair := range map[string]pki.Pair{
		etcdClientName: etcdClient, frontProxyName: frontProxy,
	} {
		files[in(name+".crt")], files[in(name+".key")] = pair.Certificate, pair.Key
	}
	for path, content := range files {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

const clusterName = "lab"

func newKubeconfig(apiServer string, authority *pki.Authority) *clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	config.Clusters[clusterName] = &clientcmdapi.Cluster{
		Server:                   apiServer,
		CertificateAuthorityData: authority.Certificate,
	}
	return config
}

// addContext adds who under that context name, and makes it the current one.
func addContext(config *clientcmdapi.Config, authority *pki.Authority, context string, who identity) error {
	pair, err := authority.Client(who.name, who.groups...)
	if err != nil {
		return err
	}
	config.AuthInfos[who.name] = &clientcmdapi.AuthInfo{
		ClientCertificateData: pair.Certificate,
		ClientKeyData:         pair.Key,
	}
	config.Contexts[context] = &clientcmdapi.Context{Cluster: clusterName, AuthInfo: who.name, Namespace: site.Namespace}
	config.CurrentContext = context
	return nil
}
