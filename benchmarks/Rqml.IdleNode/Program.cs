using System.Diagnostics;
using System.Globalization;
using Rqml.IdleNode;

// eng/idle-node: what an idle node costs a web app.
if (args is ["serve", var kind, var url, var folder])
{
    await Shop.RunAsync(kind == "node", url, folder);
    return 0;
}

var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10;
var seconds = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 3;
const string Plain = "http://127.0.0.1:5981";
const string WithNode = "http://127.0.0.1:5982";
var folders = Directory.CreateTempSubdirectory("rqml-idle-");
using var plain = Process.Start("dotnet", [typeof(Shop).Assembly.Location, "serve", "plain", Plain, ""]);
using var node = Process.Start("dotnet", [typeof(Shop).Assembly.Location, "serve", "node", WithNode, folders.FullName]);
try
{
    var (one, other) = (new Crowd(Plain), new Crowd(WithNode));
    await Task.WhenAll(one.WaitAsync(), other.WaitAsync());
    await one.AskAsync(TimeSpan.FromSeconds(3));      // both are compiled by then
    await other.AskAsync(TimeSpan.FromSeconds(3));
    var ratios = new List<double>();
    for (var round = 0; round < rounds; round++)
    {
        // Who goes first takes turns too: a neighbour that comes or goes within a round is as often for the one as for the other.
        var first = round % 2 == 0 ? one : other;
        var second = first == one ? other : one;
        var (a, b) = (await first.AskAsync(TimeSpan.FromSeconds(seconds)), await second.AskAsync(TimeSpan.FromSeconds(seconds)));
        var (without, with) = first == one ? (a, b) : (b, a);
        ratios.Add(with / without);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: {without:#,0} requests/s without a node, {with:#,0} with one: {with / without:0.000}"));
    }

    ratios.Sort();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median {ratios[ratios.Count / 2]:0.000}, from {ratios[0]:0.000} to {ratios[^1]:0.000}; the budget is 0.95 or more"));
    return ratios[ratios.Count / 2] >= 0.95 ? 0 : 1;
}
finally
{
    plain.Kill();
    node.Kill();
    await Task.WhenAll(plain.WaitForExitAsync(), node.WaitForExitAsync());
    folders.Delete(recursive: true);
}
