// A cluster on this machine: etcd, four nodes in processes of their own, and an application that submits to them. A worker and the leader are killed under load.
//   dotnet run -c Release --project samples/Cluster
using Cluster;
using Spectre.Console;

if (args is [Node.Word, .. var configuration])
{
    await Node.RunAsync(configuration);
    return 0;
}

if (args.Contains("--help"))
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;      // what was started is stopped first
    interrupted.Cancel();
};
var folder = Directory.CreateTempSubdirectory("rqml-cluster-").FullName;
try
{
    await using var sample = new Sample(Arguments.Parse(args), AnsiConsole.Console, folder);
    return await sample.RunAsync(interrupted.Token) ? 0 : 1;
}
catch (Exception error) when (error is FormatException or FileNotFoundException or TimeoutException)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
