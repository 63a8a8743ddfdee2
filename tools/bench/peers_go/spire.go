// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/protobuf/proto"
)

// The value is the path of the workload's own name.
type spire struct {
	client *workloadapi.Client
	value  string
}

func dialSpire(t *task) (*spire, error) {
	client, err := workloadapi.New(context.Background(), workloadapi.WithAddr(t.target))
	if err != nil {
		return nil, err
	}
	return &spire{client, t.value}, nil
}

func openSpire(t *task) (session, error) { return dialSpire(t) }

// The library has checked that key and certificate belong together.
func (s *spire) fetch(within context.Context) (*x509svid.SVID, error) {
	svid, err := s.client.FetchX509SVID(within)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(svid.ID.Path(), "/"+s.value) {
		return nil, fmt.Errorf("we are %s", svid.ID)
	}
	return svid, nil
}

func (s *spire) ask() error {
	_, err := s.fetch(context.Background())
	return err
}

func (s *spire) close() { s.client.Close() }

func raw(certificates []*x509.Certificate) (ret []byte) {
	for _, certificate := range certificates {
		ret = append(ret, certificate.Raw...)
	}
	return ret
}

// What the agent sends, put together again: the library keeps only what was in it.
func (s *spire) reply(within context.Context) ([]byte, error) {
	svid, err := s.fetch(within)
	if err != nil {
		return nil, err
	}
	bundles, err := s.client.FetchX509Bundles(within)
	if err != nil {
		return nil, err
	}
	bundle, err := bundles.GetX509BundleForTrustDomain(svid.ID.TrustDomain())
	if err != nil {
		return nil, err
	}
	_, key, err := svid.MarshalRaw()
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&workload.X509SVIDResponse{Svids: []*workload.X509SVID{{
		SpiffeId:    svid.ID.String(),
		X509Svid:    raw(svid.Certificates),
		X509SvidKey: key,
		Bundle:      raw(bundle.X509Authorities()),
	}}})
}

// The agent learns of a workload that is new within seconds.
func keepSpire(t *task) ([]byte, error) {
	s, err := dialSpire(t)
	if err != nil {
		return nil, err
	}
	defer s.close()
	within, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	for {
		reply, err := s.reply(within)
		if err == nil || within.Err() != nil {
			return reply, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}
