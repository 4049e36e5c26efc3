{{/* The chart's name, or what stands for it. */}}
{{- define "podsplit.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The objects' name: release and chart, or the release where it says the chart's name already. */}}
{{- define "podsplit.fullname" -}}
{{- $name := include "podsplit.name" . }}
{{- $whole := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $whole .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The fullname with an ending, shortened before the ending. Takes (list . "ending"). */}}
{{- define "podsplit.suffixed" -}}
{{- $ending := index . 1 }}
{{- printf "%s-%s" (include "podsplit.fullname" (index . 0) | trunc (int (sub 62 (len $ending))) | trimSuffix "-") $ending }}
{{- end }}

{{/* What selects the Pods; never changed, since selectors can't. */}}
{{- define "podsplit.selectorLabels" -}}
app.kubernetes.io/name: {{ include "podsplit.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What every object says of where it comes from. */}}
{{- define "podsplit.releaseLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "podsplit.labels" -}}
{{ include "podsplit.releaseLabels" . }}
{{ include "podsplit.selectorLabels" . }}
{{- end }}

{{- define "podsplit.serviceAccountName" -}}
{{- default (.Values.serviceAccount.create | ternary (include "podsplit.fullname" .) "default") .Values.serviceAccount.name }}
{{- end }}

{{/* The image: by its digest, else by its tag, else the release that the chart is for. */}}
{{- define "podsplit.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* A number as people write it: Helm reads all of them as floats, and would say 1.6777216e+07. */}}
{{- define "podsplit.number" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{- define "podsplit.tokensSecret" -}}
{{- if .Values.auth.existingSecret }}{{ .Values.auth.existingSecret }}{{ else if .Values.auth.tokens }}{{ include "podsplit.suffixed" (list . "tokens") }}{{ end }}
{{- end }}

{{- define "podsplit.catalogueConfigMap" -}}
{{- if .Values.catalogue.existingConfigMap }}{{ .Values.catalogue.existingConfigMap }}{{ else if .Values.catalogue.entries }}{{ include "podsplit.suffixed" (list . "catalogue") }}{{ end }}
{{- end }}

{{/* The variables that the chart sets, each with its value; a mapping, so that the order is that of the names. */}}
{{- define "podsplit.environment" -}}
{{- $variables := dict "HOST" .Values.server.host "PORT" "8080" "WORKERS" (include "podsplit.number" .Values.server.workers) }}
{{- $_ := set $variables "PODSPLIT_HEADER_TIMEOUT" (include "podsplit.number" .Values.server.headerTimeout) }}
{{- $_ := set $variables "PODSPLIT_GRACEFUL_TIMEOUT" (include "podsplit.gracefulTimeout" .) }}
{{- range $name, $value := .Values.settings }}
{{- if not (kindIs "invalid" $value) }}
{{- $_ := set $variables (printf "PODSPLIT_%s" (snakecase $name | upper)) (include "podsplit.number" $value) }}
{{- end }}
{{- end }}
{{- if include "podsplit.tokensSecret" . }}{{ $_ := set $variables "PODSPLIT_TOKENS_FILE" "/etc/podsplit/tokens/tokens" }}{{ end }}
{{- if include "podsplit.catalogueConfigMap" . }}{{ $_ := set $variables "PODSPLIT_CATALOGUE_FILE" "/etc/podsplit/catalogue/catalogue.yaml" }}{{ end }}
{{- toYaml $variables }}
{{- end }}

{{- define "podsplit.gracefulTimeout" -}}
{{- if kindIs "invalid" .Values.server.gracefulTimeout }}{{ add (ceil .Values.settings.requestTimeout) 5 }}{{ else }}{{ int64 .Values.server.gracefulTimeout }}{{ end }}
{{- end }}

{{/* What a stop can take: the wait before SIGTERM, the drain, the requests in flight, and a little for the end itself. */}}
{{- define "podsplit.stopSeconds" -}}
{{- add .Values.preStopSeconds (ceil .Values.settings.drainSeconds) (include "podsplit.gracefulTimeout" . | int64) 5 }}
{{- end }}

{{/* What selects the Pods of a part beside the service: not by the service's own name, or its Service would lead there. Takes (list . "part"). */}}
{{- define "podsplit.partSelectorLabels" -}}
{{- $part := index . 1 }}
{{- with index . 0 -}}
app.kubernetes.io/name: {{ printf "%s-%s" (include "podsplit.name" . | trunc (int (sub 62 (len $part))) | trimSuffix "-") $part }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- end }}

{{- define "podsplit.partLabels" -}}
{{ include "podsplit.releaseLabels" (index . 0) }}
{{ include "podsplit.partSelectorLabels" . }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* What every Pod's spec begins with. */}}
{{- define "podsplit.podBasics" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
enableServiceLinks: false
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every container begins with, behind its name. */}}
{{- define "podsplit.containerBasics" -}}
image: {{ include "podsplit.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The volume with the tokens, for those who ask the service or are it. */}}
{{- define "podsplit.tokensVolume" -}}
name: tokens
secret:
  secretName: {{ include "podsplit.tokensSecret" . }}
  defaultMode: 0440
  items:
    - key: {{ ternary .Values.auth.existingSecretKey "tokens" (not (empty .Values.auth.existingSecret)) }}
      path: tokens
{{- end }}

{{- define "podsplit.admissionSecret" -}}
{{- default (include "podsplit.suffixed" (list . "admission-tls")) .Values.admission.tls.existingSecret }}
{{- end }}

{{/* The file with the bot's forges. */}}
{{- define "podsplit.botConfig" -}}
{{- $config := dict "forges" .Values.bot.forges }}
{{- with .Values.bot.name }}{{ $_ := set $config "name" . }}{{ end }}
{{- with .Values.bot.docs }}{{ $_ := set $config "docs" . }}{{ end }}
{{- toYaml $config }}
{{- end }}

{{/* The volume with the catalogue. */}}
{{- define "podsplit.catalogueVolume" -}}
name: catalogue
configMap:
  name: {{ include "podsplit.catalogueConfigMap" . }}
  items:
    - key: {{ ternary .Values.catalogue.existingConfigMapKey "catalogue.yaml" (not (empty .Values.catalogue.existingConfigMap)) }}
      path: catalogue.yaml
{{- end }}

{{/* The probes of a process that serves. Takes (list "port" "scheme"), the scheme empty for HTTP. */}}
{{- define "podsplit.probes" -}}
startupProbe:
  httpGet:
    path: /readyz
    port: {{ index . 0 }}
    {{- with index . 1 }}
    scheme: {{ . }}
    {{- end }}
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 60
readinessProbe:
  httpGet:
    path: /readyz
    port: {{ index . 0 }}
    {{- with index . 1 }}
    scheme: {{ . }}
    {{- end }}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
# Slow to judge: a Pod under full load answers late, and a restart would make that worse.
livenessProbe:
  httpGet:
    path: /healthz
    port: {{ index . 0 }}
    {{- with index . 1 }}
    scheme: {{ . }}
    {{- end }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}
