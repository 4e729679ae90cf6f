using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rqml.Docs.Tests;

/// <summary>A node speaks JSON on its pages and protobuf in its service. What it says is the same, under the same names: whoever knows the one knows the other.</summary>
public sealed partial class PagesAndServiceTests
{
    private static readonly string Service = Repository.Read("src/Rqml.Transports/Rqml.Transports.Grpc/Protocol/rqml.proto");

    /// <summary>What each of the two has to say in its own way.</summary>
    private static readonly Dictionary<string, string> InTheService = new()
    {
        ["oldest_wait_seconds"] = "oldest_wait",      // protobuf has a type for durations
        ["seconds_on_workers"] = "time_on_workers",
        ["artifact_base64"] = "artifact",      // and for bytes
        ["id"] = "task_id",
        ["class"] = "task_class",      // a keyword in half of the languages
        ["is_existing"] = "existing",
        ["is_cancelled"] = "cancelled",
    };

    [Theory]
    [InlineData("queue_stats", "worker", "NodeReportReply", "node")]
    [InlineData("queue_stats", "worker.inbound", "QueueReport")]
    [InlineData("submitted_task", "", "SubmitReply")]
    [InlineData("task_iteration", "", "Iteration")]
    [InlineData("task_result", "", "Result", "task_id")]
    [InlineData("cancelled_task", "", "CancelReply")]
    [InlineData("task", "", "StatusReply", "-result")]
    public void What_a_page_says_the_service_says_under_the_same_name(string schema, string part, string message, string? but = null)
    {
        var said = JsonDocument.Parse(Repository.Read($"docs/schemas/{schema}.json")).RootElement;
        foreach (var name in part.Split('.', StringSplitOptions.RemoveEmptyEntries)) said = said.GetProperty("properties").GetProperty(name);
        var names = said.GetProperty("properties").EnumerateObject().Select(property => InTheService.GetValueOrDefault(property.Name, property.Name)).ToHashSet();
        if (but is ['-', .. var onlyOnThePage]) names.Remove(onlyOnThePage);
        else if (but is not null) names.Add(but);

        Assert.Equal(names.Order(StringComparer.Ordinal), FieldsOf(message).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> FieldsOf(string message)
    {
        var at = Service.IndexOf($"message {message} {{", StringComparison.Ordinal);
        Assert.True(at >= 0, $"The service has no message {message}.");
        return Field().Matches(Service[at..Service.IndexOf("\n}", at, StringComparison.Ordinal)]).Select(field => field.Groups[1].Value);
    }

    [GeneratedRegex(@"^  [\w.<>, ]+ (\w+) = \d+;", RegexOptions.Multiline)]
    private static partial Regex Field();
}
