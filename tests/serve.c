/* Run one float signature of a SavedModel through TensorFlow's C API, as a server does: no Python, no shape check at the feeds.
   serve MODEL INPUT OUTPUT ROWS COLUMNS < numbers > numbers    (names are those of graph tensors, without ":0" and such) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tensorflow/c/c_api.h>

static void check(TF_Status *status) {
  if (TF_GetCode(status) == TF_OK) return;
  fprintf(stderr, "%s\n", TF_Message(status));
  exit(1);
}

/* The output of an operation by a text like "StatefulPartitionedCall:2". */
static TF_Output find(TF_Graph *graph, char *text) {
  char *colon = strchr(text, ':');
  if (colon) *colon = 0;
  TF_Output output = {TF_GraphOperationByName(graph, text), colon ? atoi(colon + 1) : 0};
  if (!output.oper) fprintf(stderr, "no operation %s\n", text), exit(1);
  return output;
}

int main(int count, char **words) {
  if (count != 6) return fprintf(stderr, "expected MODEL INPUT OUTPUT ROWS COLUMNS\n"), 2;
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, words[1], tags, 1, graph, NULL, status);
  check(status);
  TF_Output input = find(graph, words[2]), output = find(graph, words[3]);
  int64_t dims[] = {atoll(words[4]), atoll(words[5])};
  TF_Tensor *fed = TF_AllocateTensor(TF_FLOAT, dims, 2, sizeof(float) * dims[0] * dims[1]), *fetched = NULL;
  for (int64_t index = 0; index < dims[0] * dims[1]; index++)
    if (scanf("%f", (float *)TF_TensorData(fed) + index) != 1) return fprintf(stderr, "too few numbers\n"), 2;
  TF_SessionRun(session, NULL, &input, &fed, 1, &output, &fetched, 1, NULL, 0, NULL, status);
  check(status);
  for (int64_t index = 0; index < TF_TensorElementCount(fetched); index++)
    printf("%.9g\n", ((float *)TF_TensorData(fetched))[index]);
  TF_CloseSession(session, status);
  check(status);
  return 0;
}
