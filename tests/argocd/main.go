// Asks Argo CD's own code what Argo CD would say of objects: their health, their actions, and whether they are out of sync.
//
// stdin: {"argocd-cm": {key: text}, "openapi": the API server's /openapi/v2, "questions": [question]}; stdout: [answer].
// Nothing here decides anything: it is the code of the application controller and of the API server of Argo CD.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	enginediff "github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/health"
	openapi "github.com/google/gnostic-models/openapiv2"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/kube-openapi/pkg/util/proto"
)

const (
	namespace = "argocd"
	manager   = "argocd-controller"
)

type request struct {
	ConfigMap map[string]string `json:"argocd-cm"`
	OpenAPI   json.RawMessage   `json:"openapi"`
	Questions []question        `json:"questions"`
}

// question asks "health" or "actions" of `live`, for `live` after the action "run", or for the "diff" of `live` and `target`:
// as a merge of three, as a structured merge ("ServerSideApply": needs openapi), or as a server-side diff, for which
// `predicted` is the API server's answer to a dry run.
type question struct {
	Ask       string                     `json:"ask"`
	Action    string                     `json:"action"`
	Live      *unstructured.Unstructured `json:"live"`
	Target    *unstructured.Unstructured `json:"target"`
	Predicted json.RawMessage            `json:"predicted"`
	Apply     bool                       `json:"ServerSideApply"`
}

type asked struct {
	vm     lua.VM
	parser *managedfields.GvkParser
}

func main() {
	logrus.SetOutput(io.Discard)
	if err := run(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(in io.Reader, out io.Writer) error {
	var wanted request
	if err := json.NewDecoder(in).Decode(&wanted); err != nil {
		return err
	}
	overrides, err := overridesOf(wanted.ConfigMap)
	if err != nil {
		return err
	}
	parser, err := parserOf(wanted.OpenAPI)
	if err != nil {
		return err
	}
	argo := asked{lua.VM{ResourceOverrides: overrides}, parser}
	answers := make([]any, len(wanted.Questions))
	for i, one := range wanted.Questions {
		if answers[i], err = argo.answer(one); err != nil {
			return fmt.Errorf("question %d, %s %s: %w", i, one.Ask, one.Action, err)
		}
	}
	return json.NewEncoder(out).Encode(answers)
}

// overridesOf reads argocd-cm as Argo CD does.
func overridesOf(data map[string]string) (map[string]v1alpha1.ResourceOverride, error) {
	labels := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "argocd-cm", Namespace: namespace, Labels: labels}, Data: data}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "argocd-secret", Namespace: namespace, Labels: labels}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return settings.NewSettingsManager(ctx, fake.NewClientset(cm, secret), namespace).GetResourceOverrides()
}

func parserOf(text json.RawMessage) (*managedfields.GvkParser, error) {
	if len(text) == 0 {
		return nil, nil
	}
	document, err := openapi.ParseDocument(text)
	if err != nil {
		return nil, err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return nil, err
	}
	return managedfields.NewGVKParser(models, false)
}

func (a asked) answer(one question) (any, error) {
	switch one.Ask {
	case "health":
		return health.GetResourceHealth(one.Live, lua.ResourceHealthOverrides(a.vm.ResourceOverrides))
	case "actions":
		scripts, err := a.vm.GetResourceActionDiscovery(one.Live)
		if err != nil {
			return nil, err
		}
		return a.vm.ExecuteResourceActionDiscovery(one.Live, scripts)
	case "run":
		return a.run(one)
	case "diff":
		return a.diff(one)
	}
	return nil, errors.New("no such question")
}

func (a asked) run(one question) (any, error) {
	action, err := a.vm.GetResourceAction(one.Live, one.Action)
	if err != nil {
		return nil, err
	}
	changed, err := a.vm.ExecuteResourceAction(one.Live, action.ActionLua, nil)
	if err != nil {
		return nil, err
	}
	if len(changed) != 1 || changed[0].K8SOperation != lua.PatchOperation {
		return nil, errors.New("an action of ours patches the object that it was asked of, and nothing else")
	}
	return changed[0].UnstructuredObj, nil
}

func (a asked) diff(one question) (any, error) {
	config, err := diff.NewDiffConfigBuilder().
		WithDiffSettings(nil, a.vm.ResourceOverrides, false, normalizers.IgnoreNormalizerOpts{}).
		WithTracking("", string(v1alpha1.TrackingMethodAnnotation)).
		WithNoCache().
		WithManager(manager).
		WithGVKParser(a.parser).
		WithStructuredMergeDiff(one.Apply).
		WithServerSideDiff(len(one.Predicted) > 0).
		WithServerSideDryRunner(dryRun(one.Predicted)).
		Build()
	if err != nil {
		return nil, err
	}
	found, err := diff.StateDiff(one.Live, one.Target, config)
	if err != nil {
		return nil, err
	}
	live, predicted := json.RawMessage(found.NormalizedLive), json.RawMessage(found.PredictedLive)
	return map[string]any{"modified": found.Modified, "live": live, "predicted": predicted}, nil
}

// dryRun is what the API server answered already.
type dryRun json.RawMessage

func (d dryRun) Run(context.Context, *unstructured.Unstructured, string) (string, error) {
	return string(d), nil
}

var _ enginediff.ServerSideDryRunner = dryRun(nil)
