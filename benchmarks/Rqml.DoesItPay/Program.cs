using Rqml.DoesItPay;
using Rqml.DoesItPay.Labelling;
using Rqml.DoesItPay.Reporting;

IStudy[] studies = [new LabellingStudy()];

Arguments arguments;
try
{
    arguments = Arguments.Parse(args, [.. studies.Select(study => study.Job)]);
    if (arguments.Out is { } folder) Directory.CreateDirectory(folder);
}
catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{error.Message}\n\n{Arguments.Usage}");
    return 2;
}

var kept = true;
foreach (var study in studies.Where(study => arguments.Job is null || arguments.Job == study.Job))
{
    var report = await study.RunAsync(arguments.Seeds, Console.Error.WriteLine);
    var page = MarkdownReport.Write(report);
    Console.WriteLine(page);
    kept &= report.Promises.All(promise => promise.IsKept);
    if (arguments.Out is not { } folder) continue;
    await File.WriteAllTextAsync(Path.Combine(folder, $"{study.Job}.md"), page);
    QualityPlot.Save(report, Path.Combine(folder, $"{study.Job}.svg"));
}

return kept ? 0 : 1;
