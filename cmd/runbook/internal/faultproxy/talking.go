package faultproxy

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
)

// talking lets a connection be upgraded, and cuts it where a text comes through.
type talking struct {
	http.ResponseWriter
	at string
}

// Hijack takes the connection over, as the proxy does for an upgrade.
func (t *talking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	brief := &briefConn{conn, t.at}
	return brief, bufio.NewReadWriter(buffered.Reader, bufio.NewWriter(brief)), nil
}

// Unwrap gives the rest to the controller.
func (t *talking) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// briefConn closes instead of passing on what has that text in it.
type briefConn struct {
	net.Conn
	at string
}

func (c *briefConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(c.at)) {
		return 0, errors.Join(net.ErrClosed, c.Close())
	}
	return c.Conn.Write(p)
}
