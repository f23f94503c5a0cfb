package pki

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
)

func TestServerCertificateIsTrustedByItsLabOnly(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	pair, err := ours.Server("etcd", "etcd.kube-system.svc")
	if err != nil {
		t.Fatal(err)
	}
	certificate := parse(t, pair)
	if err := verify(ours, certificate, "127.0.0.1", x509.ExtKeyUsageServerAuth); err != nil {
		t.Errorf("its own lab does not trust it: %v", err)
	}
	if err := verify(ours, certificate, "etcd.kube-system.svc", x509.ExtKeyUsageServerAuth); err != nil {
		t.Errorf("it is not good for the host name that was asked for: %v", err)
	}
	if err := verify(theirs, certificate, "127.0.0.1", x509.ExtKeyUsageServerAuth); err == nil {
		t.Error("another lab trusts it")
	}
	if err := verify(ours, certificate, "192.0.2.1", x509.ExtKeyUsageServerAuth); err == nil {
		t.Error("it is good for an address beyond loopback")
	}
}

func TestClientCertificateNamesUserAndGroups(t *testing.T) {
	authority := newAuthority(t)
	pair, err := authority.Client("admin", "system:masters", "ops")
	if err != nil {
		t.Fatal(err)
	}
	certificate := parse(t, pair)
	if got := certificate.Subject.CommonName; got != "admin" {
		t.Errorf("user is %q", got)
	}
	slices.Sort(certificate.Subject.Organization)
	if got := certificate.Subject.Organization; !slices.Equal(got, []string{"ops", "system:masters"}) {
		t.Errorf("groups are %q", got)
	}
	if err := verify(authority, certificate, "", x509.ExtKeyUsageClientAuth); err != nil {
		t.Errorf("it is no client's: %v", err)
	}
	if err := verify(authority, certificate, "", x509.ExtKeyUsageServerAuth); err == nil {
		t.Error("a client could pose as a server")
	}
}

func TestSigningKeysDiffer(t *testing.T) {
	first, _, err := SigningKey()
	if err != nil {
		t.Fatal(err)
	}
	second, public, err := SigningKey()
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(first, second) || len(public) == 0 {
		t.Error("want two different keys, each with a public half")
	}
}

func newAuthority(t *testing.T) *Authority {
	t.Helper()
	authority, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

// parse also proves that certificate and key belong together.
func parse(t *testing.T, pair Pair) *x509.Certificate {
	t.Helper()
	both, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	return both.Leaf
}

func verify(authority *Authority, certificate *x509.Certificate, host string, use x509.ExtKeyUsage) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Certificate)
	_, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, KeyUsages: []x509.ExtKeyUsage{use}})
	return err
}
