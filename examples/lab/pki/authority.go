// Package pki makes the certificates of one lab: an authority of its own, and what it signs. Because no other lab
// trusts that authority, a component that reaches the wrong port by accident is refused rather than believed.
//
// The keys live as long as the lab and are never used anywhere else.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// A lab may be kept for a while, and its machine's clock may be set back a little.
const (
	lifetime = 365 * 24 * time.Hour
	skew     = time.Hour
)

// Pair is a certificate and its key, both PEM.
type Pair struct {
	Certificate []byte
	Key         []byte
}

// Authority signs the certificates of one lab.
type Authority struct {
	Certificate []byte // PEM, what everybody in the lab trusts
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes an authority that nobody else knows.
func NewAuthority() (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, fmt.Errorf("make the lab's certificate authority: %w", err)
	}
	template := newTemplate("runbook-lab", nil)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the lab's certificate authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make the lab's certificate authority: %w", err)
	}
	return &Authority{Certificate: certificatePEM(der), certificate: certificate, key: key}, nil
}

// Client makes the certificate by which a user of that name, in those groups, is known to the API server.
func (a *Authority) Client(user string, groups ...string) (Pair, error) {
	template := newTemplate(user, groups)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.sign(template)
}

// Server makes the certificate with which a component serves on the loopback address, and under those host names too.
func (a *Authority) Server(name string, hosts ...string) (Pair, error) {
	template := newTemplate(name, nil)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	template.DNSNames = append([]string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}, hosts...)
	return a.sign(template)
}

func (a *Authority) sign(template *x509.Certificate) (Pair, error) {
	name := template.Subject.CommonName
	key, err := newKey()
	if err != nil {
		return Pair{}, fmt.Errorf("make the certificate of %s: %w", name, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return Pair{}, fmt.Errorf("make the certificate of %s: %w", name, err)
	}
	keyPEM, err := privatePEM(key)
	if err != nil {
		return Pair{}, fmt.Errorf("make the certificate of %s: %w", name, err)
	}
	return Pair{Certificate: certificatePEM(der), Key: keyPEM}, nil
}

// SigningKey makes a key pair without a certificate, which is what service account tokens are signed with.
func SigningKey() (private, public []byte, err error) {
	key, err := newKey()
	if err != nil {
		return nil, nil, fmt.Errorf("make the service account key: %w", err)
	}
	private, err = privatePEM(key)
	if err != nil {
		return nil, nil, fmt.Errorf("make the service account key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("make the service account key: %w", err)
	}
	return private, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

func newTemplate(name string, groups []string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: name, Organization: groups},
		NotBefore:    now.Add(-skew),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// serial draws a number that no other certificate has. Reading randomness cannot fail; see crypto/rand.
func serial() *big.Int {
	var bytes [16]byte
	rand.Read(bytes[:])
	return new(big.Int).SetBytes(bytes[:])
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func privatePEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
